#include "plugins/docker/pull_progress.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace elasticity::docker {
namespace {

namespace json = boost::json;

constexpr std::size_t line_length_max = 1u << 20;

std::string_view text_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::int64_t integer_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value && value->is_int64() ? std::max<std::int64_t>(value->get_int64(), 0) : 0;
}

}  // namespace

void PullProgress::feed(std::string_view piece) {
    for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
        partial_line_.append(piece.substr(0, end));
        read_line(partial_line_);
        partial_line_.clear();
        piece.remove_prefix(end + 1);
    }
    partial_line_.append(piece);
    if (partial_line_.size() > line_length_max) {
        error_ = "the engine's progress has a line longer than " + std::to_string(line_length_max) + " bytes";
        partial_line_.clear();
    }
}

void PullProgress::finish() {
    read_line(partial_line_);
    partial_line_.clear();
}

/// A line that is no JSON object is an engine's oddity and says nothing about the pull.
void PullProgress::read_line(std::string_view line) {
    boost::system::error_code failure;
    const json::value value = json::parse(line, failure);
    if (failure || !value.is_object()) return;
    const json::object& object = value.get_object();
    const std::string_view error = text_of(object, "error");
    if (!error.empty() && error_.empty()) error_ = error;
    const json::value* detail = object.if_contains("progressDetail");
    const std::string_view layer = text_of(object, "id");
    if (text_of(object, "status") != "Downloading" || layer.empty() || !detail || !detail->is_object())
        return;
    layers_[std::string(layer)] = {integer_of(detail->get_object(), "current"),
                                   integer_of(detail->get_object(), "total")};
}

double PullProgress::fraction() const {
    double current = 0, total = 0;
    for (const auto& [id, layer] : layers_) {
        current += static_cast<double>(layer.current_bytes);
        total += static_cast<double>(layer.total_bytes);
    }
    return total > 0 ? std::min(current / total, 1.0) : 0;
}

}  // namespace elasticity::docker
