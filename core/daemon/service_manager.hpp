#pragma once
#include <string>

namespace elasticity {

/// Tells systemd "READY=1", "STOPPING=1" or "STATUS=..." (sd_notify(3)); nothing without NOTIFY_SOCKET.
void notify_service_manager(const std::string& state);

}  // namespace elasticity
