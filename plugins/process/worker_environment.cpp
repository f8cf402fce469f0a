#include "plugins/process/worker_environment.hpp"

#include <algorithm>

namespace elasticity::process {
namespace {

constexpr std::string_view identity_prefix = "ELASTICITY_";

// The names are those of leader_record() in workers.cpp.
std::vector<std::string> identity(const sdk::Spec& spec, std::string_view owner) {
    return {"ELASTICITY_OWNER=" + std::string(owner), "ELASTICITY_KEY=" + std::string(spec.key),
            "ELASTICITY_NAME=" + std::string(spec.name), "ELASTICITY_TOOL=" + std::string(spec.tool),
            "ELASTICITY_SPEC_HASH=" + std::to_string(spec.hash)};
}

/// Never shows the value: it may be a secret.
void refuse_unusable(const sdk::Variable& variable) {
    const bool is_name = !variable.key.empty() &&
                         variable.key.find_first_of(std::string_view("=\0", 2)) == std::string_view::npos;
    if (is_name && variable.value.find('\0') == std::string_view::npos &&
        !variable.key.starts_with(identity_prefix))
        return;
    throw sdk::Error(ELS_INVALID_ARGUMENT,
                     "environment: '" + std::string(variable.key.data(), variable.key.size()) +
                         "' cannot be given to a worker: wanted a name without '=' that does "
                         "not begin with ELASTICITY_, and a value without NUL")
        .at("/environment");
}

void add_default(std::vector<std::string>& environment, std::string_view name, std::string_view value) {
    if (value_in(environment, name).empty())
        environment.push_back(std::string(name) + "=" + std::string(value));
}

}  // namespace

std::vector<std::string> worker_environment(const sdk::Spec& spec, std::string_view owner,
                                            const Account& account) {
    std::vector<std::string> environment = identity(spec, owner);
    for (const sdk::Variable& variable : spec.env) {
        refuse_unusable(variable);
        environment.push_back(std::string(variable.key) + "=" + std::string(variable.value));
    }
    add_default(environment, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    add_default(environment, "HOME", account.home);
    add_default(environment, "USER", account.name);
    add_default(environment, "LANG", "C.UTF-8");
    return environment;
}

std::string_view value_in(const std::vector<std::string>& environment, std::string_view name) {
    for (const std::string_view entry : environment)
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
            return entry.substr(name.size() + 1);
    return {};
}

}  // namespace elasticity::process
