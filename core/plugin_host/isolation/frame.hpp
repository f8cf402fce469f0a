#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/error.hpp"

namespace elasticity {

/// Longer than anything but a mistake or an attack: lists travel in several frames.
inline constexpr std::size_t frame_bytes_max = std::size_t{1} << 20;

/// A payload with its length before it: four bytes, the highest first. Refuses an empty payload and one of more
/// than frame_bytes_max.
Result<std::string> to_frame(std::string_view payload);

/// Cuts a stream into payloads. Holds at most one frame beside what was fed last.
class FrameReader {
public:
    void feed(std::string_view bytes);

    /// The next payload, or nothing while it is incomplete. An error is final: where the next frame begins is not
    /// known any more.
    Result<std::optional<std::string>> next();

private:
    std::string bytes_;
    std::size_t begin_ = 0;  // Of what has not been cut off yet.
};

}  // namespace elasticity
