#pragma once
#include <set>
#include <string>
#include <vector>

namespace elasticity::check {

/// "5 -> socket:[4711]" for each open descriptor of this process.
std::set<std::string> open_descriptors();

/// Of this process.
std::size_t thread_count();

/// Whether the process has a child that ended and was never waited for.
bool has_zombie();

/// What a plugin must leave as it is, a line each: working directory, umask, locale, environment, signals.
std::vector<std::string> process_settings();

/// What is in `after` and not in `before`, in one line; empty for nothing.
std::string added(const std::set<std::string>& before, const std::set<std::string>& after);

}  // namespace elasticity::check
