#include "sdk/check/catalog.hpp"

#include <algorithm>
#include <iterator>

namespace elasticity::check {

const std::vector<Check>& all_checks() {
    static const std::vector<Check> checks = [] {
        std::vector<Check> all;
        for (const auto& group : {load_checks, negotiate_checks, describe_checks, schema_checks, open_checks,
                                  create_checks, look_checks, destroy_checks, time_checks, error_checks,
                                  struct_checks, leak_checks, generation_checks, ability_checks}) {
            std::vector<Check> checks_of_group = group();
            std::move(checks_of_group.begin(), checks_of_group.end(), std::back_inserter(all));
        }
        return all;
    }();
    return checks;
}

const Check* find_check(const std::string& name) {
    const std::vector<Check>& checks = all_checks();
    const auto found =
        std::find_if(checks.begin(), checks.end(), [&](const Check& check) { return check.name == name; });
    return found == checks.end() ? nullptr : &*found;
}

}  // namespace elasticity::check
