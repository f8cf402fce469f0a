#pragma once
#include <string_view>

#include "core/daemon/settings.hpp"

namespace elasticity {

/// Starts logging to standard error, as text or as one JSON object a line. Once, before the first thread.
void start_log(const LogSettings& settings);

/// Writes one line. The same text from the same source is written once in 10 s; what was left out is counted and
/// told with the next one. Any thread; never a secret.
void log_line(LogLevel level, std::string_view source, std::string_view text);

}  // namespace elasticity
