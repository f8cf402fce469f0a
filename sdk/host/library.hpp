#pragma once
#include <elasticity/sdk/abi.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/host/error.hpp"

namespace elasticity::sdk {

/// A plugin's shared object, loaded and agreed with. Immutable; any thread.
///
/// It is never unloaded: threads, exit handlers and thread-local destructors of the libraries that a plugin
/// brings along outlive any moment at which we could. The same path loads once: a changed file needs a path
/// of its own.
class Library {
public:
    /// Runs the file's static constructors: load only what is trusted.
    static HostResult<std::shared_ptr<const Library>> load(const std::filesystem::path& file);

    const std::filesystem::path& file() const { return file_; }
    const std::vector<const els_plugin*>& plugins() const { return plugins_; }

    /// Compiler of the plugin, for people.
    const std::string& toolchain() const { return toolchain_; }

    /// Null where this library has no plugin of that id.
    const els_plugin* find(std::string_view id) const;

private:
    Library() = default;

    std::filesystem::path file_;
    std::vector<const els_plugin*> plugins_;
    std::string toolchain_;
};

/// Asks for the majors that this host speaks. The error says why not, without naming the file.
HostResult<std::vector<const els_plugin*>> negotiate(els_negotiate_fn function, std::string& toolchain);

}  // namespace elasticity::sdk
