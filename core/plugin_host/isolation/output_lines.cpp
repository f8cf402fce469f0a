#include "core/plugin_host/isolation/output_lines.hpp"

#include "sdk/host/utf8.hpp"

namespace elasticity {
namespace {

constexpr std::size_t line_bytes_max = 1024;
constexpr std::size_t lines_max = 50;
constexpr std::chrono::seconds window{10};

}  // namespace

void OutputLines::feed(std::string_view bytes, Clock::time_point now) {
    for (const char byte : bytes) {
        if (byte == '\n') end_line(now);
        else if (line_.size() < line_bytes_max) line_ += static_cast<unsigned char>(byte) < 0x20 ? ' ' : byte;
    }
}

void OutputLines::finish() {
    if (!line_.empty()) end_line(window_began_);
    tell_left_out();
}

void OutputLines::end_line(Clock::time_point now) {
    const std::string line = sdk::valid_utf8(line_);
    line_.clear();
    if (line.empty()) return;
    if (now - window_began_ >= window) {
        tell_left_out();
        window_began_ = now;
        written_ = 0;
    }
    if (written_ < lines_max) {
        ++written_;
        write_(line);
    } else {
        ++left_out_;
    }
}

void OutputLines::tell_left_out() {
    if (left_out_ > 0) write_(std::to_string(left_out_) + " more lines were left out");
    left_out_ = 0;
}

}  // namespace elasticity
