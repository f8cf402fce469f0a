#include "sdk/check/subject.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iterator>
#include <random>

namespace elasticity::check {
namespace {

namespace json = boost::json;

sdk::HostError wrong(const std::string& message) {
    return sdk::host_error(ELS_INVALID_ARGUMENT, message);
}

sdk::HostResult<json::object> read_object(const std::string& path) {
    std::ifstream file(path);
    if (!file) return wrong(path + ": cannot be read");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    if (error) return wrong(path + ": is no JSON: " + error.message());
    if (!value.is_object()) return wrong(path + ": wanted a JSON object");
    return std::move(value.get_object());
}

sdk::HostResult<std::vector<sdk::HostVariable>> read_env(const std::string& path, const json::value& env) {
    if (!env.is_object()) return wrong(path + ": /env: wanted an object");
    std::vector<sdk::HostVariable> variables;
    for (const auto& [key, value] : env.get_object()) {
        if (!value.is_string()) return wrong(path + ": /env/" + std::string(key) + ": wanted a text");
        variables.push_back({std::string(key), std::string(value.get_string()), false});
    }
    return variables;
}

}  // namespace

sdk::HostResult<std::string> read_config(const Subject& subject) {
    if (subject.config_file.empty()) return std::string("{}");
    const sdk::HostResult<json::object> config = read_object(subject.config_file);
    if (config.has_error()) return config.error();
    return json::serialize(*config);
}

sdk::HostResult<sdk::HostSpec> read_spec(const Subject& subject) {
    sdk::HostSpec spec;
    if (subject.spec_file.empty()) return spec;
    const sdk::HostResult<json::object> from = read_object(subject.spec_file);
    if (from.has_error()) return from.error();
    for (const auto& [key, value] : *from) {
        if (key == "params" && value.is_object()) {
            spec.params = json::serialize(value);
        } else if (key == "env") {
            sdk::HostResult<std::vector<sdk::HostVariable>> env = read_env(subject.spec_file, value);
            if (env.has_error()) return env.error();
            spec.env = std::move(*env);
        } else {
            return wrong(subject.spec_file + ": /" + std::string(key) +
                         ": wanted the objects \"params\" and \"env\" alone");
        }
    }
    return spec;
}

std::string required_fields(const std::string& description) {
    boost::system::error_code error;
    const json::value parsed = json::parse(description, error);
    const json::value* required = error ? nullptr : parsed.find_pointer("/spec_schema/required", error);
    if (required == nullptr || !required->is_array()) return {};
    std::string fields;
    for (const json::value& field : required->get_array())
        if (field.is_string()) fields += (fields.empty() ? "" : ", ") + std::string(field.get_string());
    return fields;
}

unsigned max_concurrency(const std::string& description) {
    constexpr std::int64_t most = 64;
    boost::system::error_code error;
    const json::value parsed = json::parse(description, error);
    const json::value* number = error ? nullptr : parsed.find_pointer("/max_concurrency", error);
    if (number == nullptr || !number->is_int64()) return 1;
    return static_cast<unsigned>(std::clamp<std::int64_t>(number->get_int64(), 1, most));
}

std::string random_hex(unsigned bytes) {
    static std::random_device device;
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < 2 * bytes; ++i) text += digits[device() % 16];
    return text;
}

}  // namespace elasticity::check
