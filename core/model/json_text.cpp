#include "core/model/json_text.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace elasticity {
namespace json = boost::json;
namespace {

constexpr std::size_t depth_max = 32;
constexpr std::size_t line_width = 100;

TextPosition position_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, std::min(offset, text.size()));
    const auto line_start = before.rfind('\n');
    return {static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1,
            before.size() - (line_start == before.npos ? 0 : line_start + 1) + 1};
}

Error error_at(std::string_view text, std::size_t offset, const std::string& message) {
    const TextPosition at = position_at(text, offset);
    return {ErrorKind::invalid,
            std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + message};
}

/// Walks a text that is already known to be valid JSON and tells where each value begins. Boost.JSON keeps
/// neither positions nor duplicate keys.
class Scanner {
public:
    /// Called before each value.
    using OnValue = std::function<void(const std::string& pointer, std::size_t offset)>;
    using OnDuplicate = std::function<void(const std::string& pointer, std::size_t offset)>;

    Scanner(std::string_view text, OnValue on_value, OnDuplicate on_duplicate)
        : text_(text), on_value_(std::move(on_value)), on_duplicate_(std::move(on_duplicate)) {}

    void run() { value(""); }

private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    void skip_until(std::string_view mark) {
        const auto found = text_.find(mark, at_ + 2);
        at_ = found == text_.npos ? text_.size() : found + mark.size();
    }

    void skip_space() {
        while (at_ < text_.size()) {
            if (std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
                ++at_;
            } else if (text_.substr(at_, 2) == "//") {
                skip_until("\n");
            } else if (text_.substr(at_, 2) == "/*") {
                skip_until("*/");
            } else {
                return;
            }
        }
    }

    std::string_view string_token() {
        const std::size_t start = at_++;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
        at_ = std::min(at_ + 1, text_.size());
        return text_.substr(start, at_ - start);
    }

    std::string key() {
        const std::string_view token = string_token();
        if (token.find('\\') == token.npos) return std::string(token.substr(1, token.size() - 2));
        json::error_code failed;
        const json::value parsed = json::parse(token, failed);
        return failed ? std::string(token) : std::string(parsed.as_string());
    }

    void object(const std::string& pointer) {
        std::set<std::string> seen;
        for (skip_space(); peek() == '"'; skip_space()) {
            const std::size_t key_offset = at_;
            const std::string name = key();
            const std::string child = pointer_to(pointer, name);
            if (!seen.insert(name).second) on_duplicate_(child, key_offset);
            skip_space();
            ++at_;  // the colon
            value(child);
            skip_space();
            if (peek() == ',') ++at_;
        }
        ++at_;
    }

    void array(const std::string& pointer) {
        std::size_t index = 0;
        for (skip_space(); at_ < text_.size() && peek() != ']'; skip_space()) {
            value(pointer_to(pointer, index++));
            skip_space();
            if (peek() == ',') ++at_;
        }
        ++at_;
    }

    void value(const std::string& pointer) {
        skip_space();
        on_value_(pointer, at_);
        switch (peek()) {
            case '{': ++at_; return object(pointer);
            case '[': ++at_; return array(pointer);
            case '"': string_token(); return;
            default:
                at_ = std::min(text_.find_first_of(",]} \t\r\n/", at_), text_.size());
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    OnValue on_value_;
    OnDuplicate on_duplicate_;
};

/// Where each value of a text begins, by its pointer.
class TextPositions {
public:
    explicit TextPositions(std::string_view text) : text_(text) {
        Scanner scanner(text, [this](const std::string& pointer, std::size_t offset) { offsets_[pointer] = offset; },
                        [](const std::string&, std::size_t) {});
        scanner.run();
    }

    TextPosition of(std::string_view pointer) const {
        auto found = offsets_.find(pointer);
        while (found == offsets_.end() && !pointer.empty()) {
            pointer = pointer.substr(0, std::min(pointer.rfind('/'), pointer.size() - 1));
            found = offsets_.find(pointer);
        }
        return position_at(text_, found == offsets_.end() ? 0 : found->second);
    }

private:
    std::string_view text_;
    std::map<std::string, std::size_t, std::less<>> offsets_;
};

void print(std::string& out, const json::value& value, std::size_t indent);

template <class Container, class Item>
void print_lines(std::string& out, const Container& items, char open, char close, std::size_t indent,
                 Item item) {
    const std::string margin(indent + 2, ' ');
    out += open;
    const char* separator = "\n";
    for (const auto& each : items) {
        out += separator + margin;
        item(each);
        separator = ",\n";
    }
    out += "\n" + std::string(indent, ' ') + close;
}

/// "0.5" instead of Boost.JSON's "5E-1"; a whole number keeps its ".0", and so its kind.
std::string double_text(double number) {
    std::array<char, 32> buffer{};
    const auto [end, failed] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    std::string text(buffer.data(), end);
    return text.find_first_of(".e") == text.npos ? text + ".0" : text;
}

/// Text without line breaks of a plain value, an empty container, or an array of plain values.
std::string flat_text(const json::value& value) {
    if (const auto* number = value.if_double()) return double_text(*number);
    const auto* array = value.if_array();
    if (!array) return json::serialize(value);
    std::string text = "[";
    for (const json::value& item : *array) text += (text.size() == 1 ? "" : ", ") + flat_text(item);
    return text + "]";
}

bool fits_on_a_line(const json::array& array, std::size_t indent) {
    const auto is_container = [](const json::value& item) { return item.is_structured(); };
    return indent > 0 && std::none_of(array.begin(), array.end(), is_container) &&
           flat_text(array).size() + indent <= line_width;
}

void print(std::string& out, const json::value& value, std::size_t indent) {
    const auto* object = value.if_object();
    const auto* array = value.if_array();
    const bool empty = (object && object->empty()) || (array && array->empty());
    if ((!object && !array) || empty || (array && fits_on_a_line(*array, indent))) {
        out += flat_text(value);
    } else if (object) {
        print_lines(out, *object, '{', '}', indent, [&](const auto& member) {
            out += json::serialize(json::string(member.key())) + ": ";
            print(out, member.value(), indent + 2);
        });
    } else {
        print_lines(out, *array, '[', ']', indent, [&](const json::value& v) { print(out, v, indent + 2); });
    }
}

/// Where a number is that Boost.JSON could not hold: it reads 1e999 as infinity and 0e999 as NaN.
std::optional<std::string> unheld_number(const json::value& value) {
    if (const auto* number = value.if_double(); number && !std::isfinite(*number)) return "";
    if (const auto* object = value.if_object())
        for (const auto& member : *object)
            if (const auto found = unheld_number(member.value()))
                return pointer_to("", std::string_view(member.key())) + *found;
    if (const auto* array = value.if_array())
        for (std::size_t i = 0; i < array->size(); ++i)
            if (const auto found = unheld_number((*array)[i])) return pointer_to("", i) + *found;
    return std::nullopt;
}

}  // namespace

std::string pointer_to(std::string_view parent, std::string_view token) {
    std::string pointer(parent);
    pointer += '/';
    for (const char c : token) {
        if (c == '~') pointer += "~0";
        else if (c == '/') pointer += "~1";
        else pointer += c;
    }
    return pointer;
}

std::string pointer_to(std::string_view parent, std::size_t index) {
    return std::string(parent) + "/" + std::to_string(index);
}

Result<json::value> parse_json(std::string_view text, JsonDialect dialect) {
    json::parse_options options;
    options.max_depth = depth_max;
    options.allow_comments = options.allow_trailing_commas = dialect == JsonDialect::with_notes;
    json::stream_parser parser({}, options);
    json::error_code failed;
    const std::size_t used = parser.write_some(text.data(), text.size(), failed);
    if (!failed && used < text.size()) {
        const std::string_view rest = text.substr(used);
        if (rest.find_first_not_of(" \t\r\n") != rest.npos) failed = json::error::extra_data;
    }
    if (!failed) parser.finish(failed);
    if (failed) return error_at(text, used, "not valid JSON: " + failed.message());

    std::optional<Error> duplicate;
    Scanner scanner(text, [](const std::string&, std::size_t) {},
                    [&](const std::string& pointer, std::size_t offset) {
                        if (!duplicate) duplicate = error_at(text, offset, pointer + ": this key stands twice");
                    });
    scanner.run();
    if (duplicate) return *duplicate;
    json::value value = parser.release();
    if (const auto pointer = unheld_number(value)) {
        const TextPosition at = position_of(text, *pointer);
        return Error{ErrorKind::invalid, std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + *pointer +
                                             ": this number is out of range"};
    }
    return value;
}

TextPosition position_of(std::string_view text, std::string_view pointer) {
    return TextPositions(text).of(pointer);
}

void add_positions(Findings& findings, std::string_view text) {
    if (findings.empty()) return;
    const TextPositions positions(text);
    for (Finding& finding : findings) {
        const TextPosition at = positions.of(finding.pointer);
        finding.message = std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
                          (finding.pointer.empty() ? "" : finding.pointer + ": ") + finding.message;
    }
}

std::string to_pretty_json(const json::value& value) {
    std::string out;
    print(out, value, 0);
    out += '\n';
    return out;
}

}  // namespace elasticity
