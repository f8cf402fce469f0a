#include "sdk/host/collect.hpp"

#include <utility>

#include "sdk/host/utf8.hpp"

namespace elasticity::sdk {

TextCollector::TextCollector(std::size_t max_bytes) : max_bytes_(max_bytes) {
    const auto write = [](void* self, els_view chunk) noexcept -> els_code {
        auto& collector = *static_cast<TextCollector*>(self);
        if (chunk.len > collector.max_bytes_ - collector.text_.size()) return ELS_RESOURCE_EXHAUSTED;
        return without_exceptions([&]() -> els_code {
            if (chunk.len > 0) collector.text_.append(chunk.data, chunk.len);
            return ELS_OK;
        });
    };
    sink_ = {sizeof sink_, 0, this, write};
}

std::string TextCollector::text() const { return valid_utf8(text_); }

InstanceCollector::InstanceCollector(std::size_t max_instances)
    : max_instances_(max_instances), instances_(std::vector<HostInstance>()) {
    const auto emit = [](void* self, const els_instance* emitted) noexcept -> els_code {
        return without_exceptions([&] { return static_cast<InstanceCollector*>(self)->add(emitted); });
    };
    sink_ = {sizeof sink_, 0, this, emit};
}

els_code InstanceCollector::add(const els_instance* emitted) {
    if (instances_.has_error()) return instances_.error().code;
    HostResult<HostInstance> instance = instance_from(emitted);
    if (instance.has_value() && instances_->size() < max_instances_) {
        instances_->push_back(std::move(*instance));
        return ELS_OK;
    }
    instances_ = instance.has_error()
                     ? instance.error()
                     : host_error(ELS_RESOURCE_EXHAUSTED, "the plugin emitted more than " +
                                                              std::to_string(max_instances_) + " instances");
    return instances_.error().code;
}

HostResult<std::vector<HostInstance>> InstanceCollector::take() { return std::move(instances_); }

}  // namespace elasticity::sdk
