#include "plugins/docker/settings.hpp"

#include <sys/un.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "plugins/docker/json_fields.hpp"

namespace elasticity::docker {
namespace {

constexpr std::string_view default_endpoint = "unix:///var/run/docker.sock";
constexpr std::int64_t log_bytes_min = 64 << 10;

[[noreturn]] void refuse_endpoint(const std::string& why) {
    throw sdk::Error(ELS_INVALID_ARGUMENT, "/endpoint: " + why).at("/endpoint").provider("invalid_field");
}

http::Endpoint unix_endpoint(std::string_view path) {
    constexpr std::size_t path_length_max = sizeof(sockaddr_un::sun_path) - 1;
    if (path.empty() || path.front() != '/') refuse_endpoint("want unix:///ABSOLUTE/PATH");
    if (path.size() > path_length_max) {
        refuse_endpoint("a socket's path has at most " + std::to_string(path_length_max) + " characters");
    }
    return {"http://localhost", std::string(path), {}};
}

bool is_host_and_port(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size()) return false;
    const auto port = text.substr(colon + 1);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto is_plain = [](unsigned char c) { return c > ' ' && c < 0x7f; };
    return std::all_of(port.begin(), port.end(), is_digit) &&
           std::all_of(text.begin(), text.end(), is_plain) &&
           text.find_first_of("/@?#%\\") == std::string_view::npos;
}

http::Tls tls_of(const Fields& tls) {
    http::Tls files{tls.text("ca_file", ""), tls.text("cert_file", ""), tls.text("key_file", ""),
                    tls.boolean("verify", true)};
    if (files.cert_file.empty() != files.key_file.empty()) {
        tls.refuse(files.cert_file.empty() ? "cert_file" : "key_file",
                   "both cert_file and key_file, or neither");
    }
    return files;
}

std::map<std::string, RegistryLogin> registries_of(const Fields& config) {
    std::map<std::string, RegistryLogin> registries;
    for (const auto& [host, login] : config.object("registries")) {
        const Fields all(config.object("registries"), config.pointer_to("registries"));
        if (!login.is_object()) all.refuse(host, "{\"username\", \"password\"}");
        const Fields fields(login.get_object(), all.pointer_to(host));
        if (!fields.find("password"))
            fields.refuse("password", "a secret reference such as {\"file\": PATH}");
        registries[host] = {fields.text("username", ""), boost::json::serialize(fields.object("password"))};
    }
    return registries;
}

}  // namespace

http::Endpoint parse_endpoint(std::string_view text, bool with_tls) {
    const auto scheme_end = text.find("://");
    const auto scheme = text.substr(0, scheme_end);
    const auto rest = scheme_end == std::string_view::npos ? std::string_view() : text.substr(scheme_end + 3);
    if (scheme == "unix") return unix_endpoint(rest);
    if ((scheme != "tcp" && scheme != "http" && scheme != "https") || !is_host_and_port(rest)) {
        refuse_endpoint("want unix:///PATH, tcp://HOST:PORT or https://HOST:PORT");
    }
    if (scheme == "http" && with_tls) refuse_endpoint("http:// has no TLS, want https:// or no \"tls\"");
    const bool secure = scheme == "https" || (scheme == "tcp" && with_tls);
    return {(secure ? "https://" : "http://") + std::string(rest), "", {}};
}

Settings parse_settings(std::string_view config) {
    const auto object = parse_object(config.empty() ? "{}" : config, "docker backend");
    const Fields fields(object);
    Settings settings;
    settings.endpoint =
        parse_endpoint(fields.text("endpoint", default_endpoint), fields.find("tls") != nullptr);
    settings.endpoint.tls = tls_of(Fields(fields.object("tls"), "/tls"));
    settings.network = fields.text("network", "");
    settings.registries = registries_of(fields);
    settings.stop_grace =
        std::chrono::seconds(fields.integer("stop_grace_s", 0, settings.stop_grace.count()));
    settings.log_max_bytes = fields.integer("log_max_bytes", log_bytes_min, settings.log_max_bytes);
    settings.log_files_max = fields.integer("log_files_max", 1, settings.log_files_max);
    return settings;
}

}  // namespace elasticity::docker
