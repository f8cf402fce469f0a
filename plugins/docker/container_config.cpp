#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <cstdio>

#include "plugins/docker/container.hpp"

namespace elasticity::docker {
namespace {

namespace json = boost::json;

constexpr double nano = 1e9;

json::array environment_of(const sdk::Spec& spec) {
    json::array environment;
    for (const sdk::Variable& variable : spec.env) {
        if (variable.key.empty() || variable.key.find('=') != std::string_view::npos) {
            throw sdk::Error(ELS_INVALID_ARGUMENT, "environment: a name is empty or holds '='")
                .at("/environment")
                .provider("invalid_field");
        }
        std::string entry(variable.key);
        environment.emplace_back(json::string(entry.append("=").append(variable.value)));
    }
    return environment;
}

json::array mounts_of(const WorkerSpec& worker) {
    json::array mounts;
    for (const Mount& mount : worker.mounts) {
        mounts.push_back({{"Type", mount.source.front() == '/' ? "bind" : "volume"},
                          {"Source", mount.source},
                          {"Target", mount.target},
                          {"ReadOnly", mount.read_only}});
    }
    return mounts;
}

/// Rotated by the engine, so that a talkative worker cannot fill the disk.
json::object log_config_of(const Settings& settings) {
    return {{"Type", "json-file"},
            {"Config",
             {{"max-size", std::to_string(settings.log_max_bytes)},
              {"max-file", std::to_string(settings.log_files_max)}}}};
}

json::object host_config_of(const WorkerSpec& worker, const Settings& settings) {
    json::object host{{"RestartPolicy", {{"Name", "no"}}}, {"LogConfig", log_config_of(settings)}};
    const std::string& network = worker.network.empty() ? settings.network : worker.network;
    if (!network.empty()) host["NetworkMode"] = network;
    if (worker.cpus > 0) host["NanoCpus"] = std::llround(worker.cpus * nano);
    if (worker.memory_bytes > 0) {
        host["Memory"] = worker.memory_bytes;
        host["MemorySwap"] = worker.memory_bytes;  // memory and swap together: the limit means no swap
    }
    if (!worker.mounts.empty()) host["Mounts"] = mounts_of(worker);
    return host;
}

std::string hexadecimal(std::uint64_t number) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
    return text;
}

}  // namespace

std::string container_name(const sdk::Spec& spec) {
    constexpr std::size_t length_min = 2;
    if (spec.name.size() >= length_min) return std::string(spec.name);
    return "elasticity-" + std::string(spec.key);
}

json::object container_config(const Creator& creator, const sdk::Spec& spec, const WorkerSpec& worker,
                              const Settings& settings) {
    json::object config{
        {"Image", worker.image.text()},  // canonical: "sha256:..." alone would be an image's id
        {"Env", environment_of(spec)},
        {"Labels",
         {{label::owner, creator.owner},
          {label::key, spec.key},
          {label::tool, spec.tool},
          {label::spec_hash, hexadecimal(spec.hash)},
          {label::backend, creator.backend}}},
        {"StopTimeout", settings.stop_grace.count()},
        {"HostConfig", host_config_of(worker, settings)},
    };
    if (!worker.command.empty()) config["Cmd"] = json::array(worker.command.begin(), worker.command.end());
    return config;
}

}  // namespace elasticity::docker
