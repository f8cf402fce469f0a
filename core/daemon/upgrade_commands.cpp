#include "core/daemon/upgrade_commands.hpp"

#include <boost/json.hpp>

namespace elasticity {
namespace json = boost::json;
namespace {

json::object error_answer(std::string_view code, const std::string& message) {
    return {{"error", {{"code", code}, {"message", message}}}};
}

std::string text_at(const json::object& request, std::string_view name) {
    const json::value* value = request.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::uint64_t number_at(const json::object& request, std::string_view name) {
    const json::value* value = request.if_contains(name);
    json::error_code none;
    return value && value->is_number() ? value->to_number<std::uint64_t>(none) : 0;
}

void begin(PluginUpgrades& upgrades, const json::object& request, const ControlRespond& respond) {
    UpgradeRequest upgrade;
    upgrade.file = text_at(request, "file");
    if (!upgrade.file.empty() && !upgrade.file.is_absolute())
        return respond(error_answer("invalid_request", "file must be an absolute path"));
    const json::value* force = request.if_contains("force");
    upgrade.force = force && force->is_bool() && force->get_bool();
    const auto id = upgrades.request(text_at(request, "backend"), "asked for", std::move(upgrade));
    if (!id) return respond(error_answer("not_found", id.error().message));
    respond({{"upgrade", *id}});
}

}  // namespace

bool answer_upgrade_command(PluginUpgrades& upgrades, const json::object& request, const ControlRespond& respond) {
    const std::string command = text_at(request, "command");
    if (command == "plugin_upgrade") {
        begin(upgrades, request, respond);
        return true;
    }
    if (command != "plugin_upgrade_news") return false;
    upgrades.follow(number_at(request, "upgrade"), number_at(request, "seen"),
                    [respond](json::object record) { respond(std::move(record)); });
    return true;
}

}  // namespace elasticity
