#include "plugins/docker/worker_spec.hpp"

#include "plugins/docker/json_fields.hpp"

namespace elasticity::docker {
namespace {

constexpr std::int64_t memory_bytes_min = 6 << 20;  // the engine's own minimum

sdk::ImageReference image_of(const Fields& params) {
    const auto image = sdk::parse_image_reference(params.text("image", ""));
    if (!image) params.refuse("image", "[REGISTRY[:PORT]/]PATH[:TAG][@DIGEST]");
    return *image;
}

PullPolicy pull_policy_of(const Fields& params) {
    const std::string name = params.text("pull", "missing");
    if (name == "missing") return PullPolicy::missing;
    if (name == "always") return PullPolicy::always;
    if (name == "never") return PullPolicy::never;
    params.refuse("pull", "missing, always or never");
}

Mount mount_of(const Fields& fields) {
    Mount mount{fields.text("source", ""), fields.text("target", ""), fields.boolean("read_only", false)};
    if (mount.source.empty()) fields.refuse("source", "an absolute path or the name of a volume");
    if (mount.target.empty() || mount.target.front() != '/') fields.refuse("target", "an absolute path");
    return mount;
}

std::vector<Mount> mounts_of(const Fields& params) {
    std::vector<Mount> mounts;
    for (const auto& element : params.array("mounts")) {
        if (!element.is_object()) params.refuse("mounts", "an array of objects");
        const std::string pointer = params.pointer_to("mounts") + "/" + std::to_string(mounts.size());
        mounts.push_back(mount_of(Fields(element.get_object(), pointer)));
    }
    return mounts;
}

}  // namespace

WorkerSpec parse_worker_spec(std::string_view params) {
    const auto object = parse_object(params, "params");
    const Fields fields(object);
    WorkerSpec spec;
    spec.image = image_of(fields);
    spec.command = fields.texts("command");
    spec.cpus = fields.positive("cpus", 0);
    spec.memory_bytes = fields.integer("memory_bytes", memory_bytes_min, 0);
    spec.network = fields.text("network", "");
    spec.mounts = mounts_of(fields);
    spec.pull = pull_policy_of(fields);
    return spec;
}

}  // namespace elasticity::docker
