#include "core/model/json_text.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/serialize.hpp>
#include <functional>
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
    /// Called before each value; `parent_offset` style bookkeeping is left to the caller.
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

bool fits_on_a_line(const json::value& value, const std::string& text, std::size_t indent) {
    if (indent == 0 || text.size() + indent > line_width) return false;
    const auto is_container = [](const json::value& v) { return v.is_structured(); };
    if (const auto* array = value.if_array()) return std::none_of(array->begin(), array->end(), is_container);
    return true;
}

void print(std::string& out, const json::value& value, std::size_t indent) {
    const auto* object = value.if_object();
    const auto* array = value.if_array();
    const std::string flat = json::serialize(value);
    const bool empty = (object && object->empty()) || (array && array->empty());
    if ((!object && !array) || empty || (array && fits_on_a_line(value, flat, indent))) {
        out += flat;
    } else if (object) {
        print_lines(out, *object, '{', '}', indent, [&](const auto& member) {
            out += json::serialize(json::string(member.key())) + ": ";
            print(out, member.value(), indent + 2);
        });
    } else {
        print_lines(out, *array, '[', ']', indent, [&](const json::value& v) { print(out, v, indent + 2); });
    }
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
    return parser.release();
}

TextPosition position_of(std::string_view text, std::string_view pointer) {
    std::size_t best_length = 0;
    std::size_t best_offset = 0;
    const auto is_parent = [&](const std::string& candidate) {
        return pointer.starts_with(candidate) &&
               (pointer.size() == candidate.size() || pointer[candidate.size()] == '/');
    };
    Scanner scanner(text,
                    [&](const std::string& candidate, std::size_t offset) {
                        if (!is_parent(candidate) || candidate.size() < best_length) return;
                        best_length = candidate.size();
                        best_offset = offset;
                    },
                    [](const std::string&, std::size_t) {});
    scanner.run();
    return position_at(text, best_offset);
}

void add_positions(Findings& findings, std::string_view text) {
    for (Finding& finding : findings) {
        const TextPosition at = position_of(text, finding.pointer);
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
