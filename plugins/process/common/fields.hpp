#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace elasticity::process {

/// A list of "name=value", each ended by a NUL: the format of /proc/PID/environ. Requests to the shim, its
/// replies and the records of workers are written in it too, so that one reader serves them all.
class Fields {
public:
    Fields() = default;
    explicit Fields(std::string text) : text_(std::move(text)) {}

    /// Neither text may hold a NUL, and the name no '='.
    void add(std::string_view name, std::string_view value);
    void add(std::string_view name, long long value) { add(name, std::string_view(std::to_string(value))); }

    /// The first of that name; empty when there is none.
    std::string_view get(std::string_view name) const;

    /// All of that name, in order.
    std::vector<std::string> all(std::string_view name) const;

    /// A decimal number; `fallback` where the field is absent or is none.
    long long number(std::string_view name, long long fallback = 0) const;

    const std::string& text() const { return text_; }

private:
    std::string text_;
};

}  // namespace elasticity::process
