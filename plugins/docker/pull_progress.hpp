// The stream that the engine sends while it pulls: one JSON object a line.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace elasticity::docker {

/// Follows a pull. Feed it the stream in pieces of any size, then `finish`.
class PullProgress {
public:
    void feed(std::string_view piece);
    void finish();

    /// Why the pull failed; empty while nothing says so.
    const std::string& error() const { return error_; }
    /// 0 to 1, of the bytes of those layers that are known so far; 0 while none is.
    double fraction() const;

private:
    struct Layer {
        std::int64_t current_bytes = 0;
        std::int64_t total_bytes = 0;
    };

    void read_line(std::string_view line);

    std::string partial_line_;
    std::map<std::string, Layer, std::less<>> layers_;
    std::string error_;
};

}  // namespace elasticity::docker
