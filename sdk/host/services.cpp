#include "sdk/host/services.hpp"

#include <algorithm>
#include <cstring>

#include "sdk/host/utf8.hpp"

namespace elasticity::sdk {
namespace {

constexpr std::size_t line_max_bytes = 8 * 1024;

std::string_view text_of(els_view view) {
    return view.len == 0 ? std::string_view() : std::string_view(view.data, view.len);
}

const HostServices& services_of(const els_host* host) { return *static_cast<const HostServices*>(host->ctx); }

template <std::size_t capacity>
void copy_text(char (&to)[capacity], const std::string& from) {
    const std::size_t length = std::min(from.size(), capacity - 1);
    std::memcpy(to, from.data(), length);
    to[length] = '\0';
}

}  // namespace

HostServices::HostServices(HostOptions options) : options_(std::move(options)) {
    secrets_ = {sizeof secrets_, 0, &resolve};
    host_.size = sizeof host_;
    host_.abi_minor = ELS_ABI_MINOR;
    host_.ctx = this;
    host_.core_version = options_.core_version.c_str();
    host_.backend_name = options_.backend_name.c_str();
    host_.owner = options_.owner.c_str();
    host_.state_dir = options_.state_dir.empty() ? nullptr : options_.state_dir.c_str();
    host_.log = &log_line;
    host_.log_enabled = [](const els_host* host, std::uint32_t level) noexcept -> std::int32_t {
        return level >= services_of(host).options_.log_level ? 1 : 0;
    };
    host_.query = &query;
}

void HostServices::log(std::uint32_t level, std::string message) const {
    if (options_.log && level >= options_.log_level) options_.log({level, std::move(message), {}});
}

void HostServices::log_line(const els_host* host, std::uint32_t level, els_view message, const els_kv* fields,
                            std::size_t field_count) noexcept {
    const HostOptions& options = services_of(host).options_;
    if (!options.log || level < options.log_level) return;
    HostLogLine line{level, valid_utf8(text_of(message).substr(0, line_max_bytes)), {}};
    for (std::size_t i = 0; i < field_count; ++i)
        line.fields.emplace_back(valid_utf8(text_of(fields[i].key).substr(0, line_max_bytes)),
                                 valid_utf8(text_of(fields[i].value).substr(0, line_max_bytes)));
    options.log(line);
}

const void* HostServices::query(const els_host* host, const char* interface_id) noexcept {
    const bool wants_secrets = interface_id != nullptr && std::strcmp(interface_id, ELS_IF_HOST_SECRETS) == 0;
    const HostServices& services = services_of(host);
    return wants_secrets && services.options_.secret ? &services.secrets_ : nullptr;
}

els_code HostServices::resolve(const els_host* host, els_view ref, els_sink* value,
                               els_error* error) noexcept {
    const HostResult<std::string> secret = services_of(host).options_.secret(text_of(ref));
    if (secret.has_value()) return value->write(value->ctx, {secret->data(), secret->size()});
    if (ELS_HAS(error, els_error, message)) {
        error->flags = secret.error().flags;
        copy_text(error->message, secret.error().message);
    }
    return secret.error().code;
}

}  // namespace elasticity::sdk
