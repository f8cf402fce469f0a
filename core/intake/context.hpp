#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/schema.hpp"
#include "core/model/target.hpp"

namespace elasticity {

/// One kind of tool: where it may run, and which fields it has.
struct Kind {
    std::string name;
    std::vector<std::string> backends;      ///< best first
    Schema schema;                          ///< the common fields and the plugin's
    std::vector<std::string> required;      ///< of the plugin's: at the top level or under `options`
    std::vector<std::string> image_fields;  ///< those with "format": "container-image"
};

/// The kinds that the settings place somewhere.
class KindTable {
public:
    KindTable() = default;

    /// `placement`: kind -> backends; `spec_schemas`: backend -> the spec schema of its plugin.
    /// The first backend of a kind gives its fields.
    static Result<KindTable> make(const std::map<std::string, std::vector<std::string>>& placement,
                                  const std::map<std::string, boost::json::object>& spec_schemas);

    const Kind* find(std::string_view name) const;
    std::vector<std::string> names() const;

private:
    std::map<std::string, Kind, std::less<>> kinds_;
};

/// What the settings say about messages. Limits are inclusive.
struct IntakeContext {
    TargetTable targets;
    KindTable kinds;
    std::optional<std::vector<std::string>> allowed_images;  ///< patterns; absent allows all
    std::vector<std::string> unmanaged_queues;               ///< patterns
    std::vector<std::string> secret_names;
    std::function<bool(const std::string&)> knows_time_zone = [](const std::string&) { return true; };
    std::size_t message_bytes_max = 1048576;
    std::size_t tools_max = 200;
    std::uint32_t instances_max = 10000;
};

/// `*` matches any run of characters, also an empty one. Linear in the text for each star.
bool matches_pattern(std::string_view text, std::string_view pattern);

}  // namespace elasticity
