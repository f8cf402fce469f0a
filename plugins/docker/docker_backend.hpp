// Workers as containers of one Docker Engine.
#pragma once
#include <boost/json/fwd.hpp>
#include <chrono>
#include <elasticity/sdk/plugin.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/docker/container.hpp"
#include "plugins/docker/docker_api.hpp"
#include "plugins/docker/image_puller.hpp"
#include "plugins/docker/schemas.hpp"
#include "plugins/docker/settings.hpp"

namespace elasticity::docker {

/// Keeps no truth: what it knows of workers, it asks the engine. A container is ours by its owner label
/// alone, and no other one is ever touched.
class DockerBackend {
public:
    static constexpr sdk::Info info{
        "org.elasticity.docker", "1.0.0", "Docker Engine", "Elasticity", "", 0, 16};
    static constexpr std::string_view config_schema = config_schema_text;
    static constexpr std::string_view spec_schema = spec_schema_text;

    DockerBackend(sdk::Host host, std::string_view config);

    static void check_config(std::string_view config, const sdk::Report& report);
    void quiesce(const sdk::Call& call);
    std::string probe(const sdk::Call& call);

    /// Two requests, create and start, when the image is there and nothing is in the way.
    sdk::Instance create(const sdk::Call& call, const sdk::Spec& spec);
    void destroy(const sdk::Call& call, const sdk::Ref& ref, std::chrono::milliseconds grace);
    std::optional<sdk::Instance> inspect(const sdk::Call& call, const sdk::Ref& ref);
    /// One request, and one more for each container that has ended.
    std::string list(const sdk::Call& call, std::string_view page, const sdk::Emit& emit);

private:
    std::string create_container(const sdk::Call& call, const sdk::Spec& spec, const std::string& name);
    std::optional<sdk::Instance> adopt(const sdk::Call& call, const sdk::Spec& spec, const std::string& name);
    void start(const sdk::Call& call, const std::string& id, const std::string& name);
    void remove(const sdk::Call& call, const std::string& id);
    void stop(const sdk::Call& call, const sdk::Instance& worker, std::chrono::milliseconds grace);
    std::optional<sdk::Instance> find_by_id(const sdk::Call& call, const std::string& id);
    std::optional<std::string> id_of_key(const sdk::Call& call, std::string_view key);
    boost::json::array list_containers(const sdk::Call& call, const std::vector<std::string>& labels);
    std::string owner_filter() const;

    sdk::Host host_;
    Settings settings_;
    DockerApi api_;
    ImagePuller puller_;
};

}  // namespace elasticity::docker
