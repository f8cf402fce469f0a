// Pulling images, each at most once at a time.
#pragma once
#include <elasticity/sdk/image_reference.hpp>
#include <elasticity/sdk/plugin.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "plugins/docker/docker_api.hpp"
#include "plugins/docker/settings.hpp"

namespace elasticity::docker {

/// Calls that need the same image at the same time share one pull: the first one pulls, the others wait for
/// it, each within its own deadline. Any thread.
class ImagePuller {
public:
    /// All three outlive the puller; `api` and `settings` are its backend's.
    ImagePuller(sdk::Host host, DockerApi& api, const Settings& settings)
        : host_(host), api_(api), settings_(settings) {}

    /// Returns when the engine has the image, as the registry has it now.
    void pull(const sdk::Call& call, const sdk::ImageReference& image);

private:
    class Shared;

    void pull_and_tell(const sdk::Call& call, const sdk::ImageReference& image, Shared& shared);
    void pull_alone(const sdk::Call& call, const sdk::ImageReference& image);
    std::string registry_auth(const std::string& domain) const;

    sdk::Host host_;
    DockerApi& api_;
    const Settings& settings_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Shared>> under_way_;  // by the image's canonical text
};

}  // namespace elasticity::docker
