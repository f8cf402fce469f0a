#include "plugins/docker/failures.hpp"

#include <algorithm>
#include <array>

namespace elasticity::docker {
namespace {

struct Meaning {
    els_code code;
    std::uint32_t flags;
    std::string_view provider_code;
    std::string_view field;
};

/// A phrase that the engine or a registry is known to say, and what it means.
struct Phrase {
    std::string_view part;
    Meaning meaning;
};

constexpr std::uint32_t retry_elsewhere = ELS_ERR_RETRY_SAME | ELS_ERR_NEXT_BACKEND;
constexpr Meaning no_capacity{ELS_RESOURCE_EXHAUSTED, retry_elsewhere, "no_capacity", ""};
constexpr Meaning too_large{ELS_RESOURCE_EXHAUSTED, ELS_ERR_NEXT_BACKEND, "no_capacity", "/cpus"};
constexpr Meaning pull_denied{ELS_PERMISSION_DENIED, 0, "image_pull_denied", "/image"};
constexpr Meaning image_not_found{ELS_NOT_FOUND, 0, "image_not_found", "/image"};
constexpr Meaning command_not_found{ELS_INVALID_ARGUMENT, 0, "command_not_found", "/command"};
constexpr Meaning network_not_found{ELS_NOT_FOUND, 0, "network_not_found", "/network"};
constexpr Meaning vanished{ELS_ABORTED, ELS_ERR_RETRY_SAME, "container_vanished", ""};

constexpr std::array request_phrases{
    Phrase{"no space left on device", no_capacity},
    Phrase{"cannot allocate memory", no_capacity},
    Phrase{"Range of CPUs is from", too_large},
    Phrase{"No such image", image_not_found},
    Phrase{"No such container", vanished},
    Phrase{"executable file not found", command_not_found},
    Phrase{"unable to start container process: exec", command_not_found},
    Phrase{"could not find an available", no_capacity},  // address pool of a network
    Phrase{"No command specified", {ELS_INVALID_ARGUMENT, 0, "command_not_found", "/command"}},
    Phrase{"bind source path does not exist", {ELS_INVALID_ARGUMENT, 0, "invalid_field", "/mounts"}},
    Phrase{"emory limit allowed is", {ELS_INVALID_ARGUMENT, 0, "invalid_field", "/memory_bytes"}},
};

constexpr std::array pull_phrases{
    Phrase{"no space left on device", no_capacity},
    Phrase{"toomanyrequests",
           {ELS_RESOURCE_EXHAUSTED, ELS_ERR_RETRY_SAME, "registry_rate_limited", "/image"}},
    Phrase{"denied", pull_denied},
    Phrase{"unauthorized", pull_denied},
    Phrase{"no basic auth credentials", pull_denied},
    Phrase{"incorrect username or password", pull_denied},
    Phrase{"manifest unknown", image_not_found},
    Phrase{"name unknown", image_not_found},
    Phrase{"no matching manifest", image_not_found},  // none for this architecture
    Phrase{"repository does not exist", image_not_found},
};

template <std::size_t count>
const Meaning* meaning_of(const std::array<Phrase, count>& phrases, std::string_view text) {
    const auto is_in = [text](const Phrase& phrase) {
        return text.find(phrase.part) != std::string_view::npos;
    };
    const auto* found = std::find_if(phrases.begin(), phrases.end(), is_in);
    return found == phrases.end() ? nullptr : &found->meaning;
}

Meaning meaning_of_status(const Reply& reply) {
    if (reply.status == 404 && reply.says("network") && reply.says("not found")) return network_not_found;
    if (reply.status == 400) return {ELS_INVALID_ARGUMENT, 0, "400", ""};
    if (reply.status == 401 || reply.status == 403) return {ELS_PERMISSION_DENIED, 0, "403", ""};
    if (reply.status == 404) return {ELS_NOT_FOUND, 0, "404", ""};
    if (reply.status == 409) return {ELS_ABORTED, ELS_ERR_RETRY_SAME, "409", ""};
    return {ELS_UNAVAILABLE, ELS_ERR_RETRY_SAME, "engine_error", ""};
}

sdk::Error error_of(const Meaning& meaning, const std::string& text) {
    sdk::Error error(meaning.code, text, meaning.flags);
    return error.at(std::string(meaning.field)).provider(std::string(meaning.provider_code));
}

}  // namespace

sdk::Error request_failure(const std::string& what, const Reply& reply) {
    const std::string message = reply.message();
    const Meaning* known = meaning_of(request_phrases, message);
    return error_of(known ? *known : meaning_of_status(reply), what + ": " + message);
}

sdk::Error pull_failure(const std::string& image, std::string_view message) {
    const Meaning* known = meaning_of(pull_phrases, message);
    constexpr Meaning unreachable{ELS_UNAVAILABLE, ELS_ERR_RETRY_SAME, "registry_unavailable", "/image"};
    return error_of(known ? *known : unreachable, "cannot pull " + image + ": " + std::string(message));
}

}  // namespace elasticity::docker
