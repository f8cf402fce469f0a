#pragma once
#include <boost/json/object.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "core/model/error.hpp"

namespace elasticity {

/// One plugin of a file, in its own words.
struct InspectedPlugin {
    std::string id, version, title;
    std::vector<std::string> interfaces;
    boost::json::object description;  ///< all that describe() said, both schemas among it
};

struct PluginInspection {
    std::string toolchain;
    std::vector<InspectedPlugin> plugins;
};

/// Loads a third party's file, which runs its code, in a child: `program plugin inspect FILE`. A crash, a hang
/// and a file that is no plugin are each an error of one sentence. Blocks for at most `patience`.
Result<PluginInspection> inspect_plugin(const std::filesystem::path& file,
                                        const std::filesystem::path& program,
                                        std::chrono::milliseconds patience = std::chrono::seconds(10));

/// The child's part: loads the file and answers on standard output, then ends the process at once, so that no
/// exit handler of the plugin runs.
[[noreturn]] void answer_inspection(const std::filesystem::path& file);

}  // namespace elasticity
