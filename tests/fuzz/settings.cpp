#include "core/daemon/settings.hpp"

#include <boost/json.hpp>

#include "core/cli/settings_text.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace elasticity;
using elasticity::fuzz::require;

void fuzz_one(std::string_view input) {
    const ParsedSettings parsed = parse_settings(input);
    if (!parsed.errors.empty()) return;
    const boost::json::object shown = cli::to_json(parsed.settings);
    const ParsedSettings again = parse_settings(boost::json::serialize(shown));
    require(again.errors.empty(), "settings as they are shown are settings");
    require(cli::to_json(again.settings) == shown, "settings are shown as they are");
}
