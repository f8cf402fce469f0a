#include "core/plugin_host/isolation/frame.hpp"

#include <cstdint>

namespace elasticity {
namespace {

constexpr std::size_t header_bytes = 4;

Error wrong_length(std::size_t length) {
    return {ErrorKind::invalid, "a frame of " + std::to_string(length) + " bytes, 1 to " +
                                    std::to_string(frame_bytes_max) + " wanted"};
}

std::size_t length_in(std::string_view header) {
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < header_bytes; ++i) length = length << 8 | static_cast<unsigned char>(header[i]);
    return length;
}

}  // namespace

Result<std::string> to_frame(std::string_view payload) {
    if (payload.empty() || payload.size() > frame_bytes_max) return wrong_length(payload.size());
    std::string frame;
    frame.reserve(header_bytes + payload.size());
    for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(payload.size() >> shift & 0xFF);
    frame += payload;
    return frame;
}

void FrameReader::feed(std::string_view bytes) {
    bytes_.erase(0, begin_);
    begin_ = 0;
    bytes_ += bytes;
}

Result<std::optional<std::string>> FrameReader::next() {
    const std::string_view rest = std::string_view(bytes_).substr(begin_);
    if (rest.size() < header_bytes) return std::optional<std::string>();
    const std::size_t length = length_in(rest);
    if (length == 0 || length > frame_bytes_max) return wrong_length(length);
    if (rest.size() - header_bytes < length) return std::optional<std::string>();
    begin_ += header_bytes + length;
    return std::optional<std::string>(rest.substr(header_bytes, length));
}

}  // namespace elasticity
