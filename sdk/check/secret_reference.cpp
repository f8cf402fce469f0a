#include "sdk/check/secret_reference.hpp"

#include <boost/json/parse.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace elasticity::check {
namespace {

sdk::HostError unresolved(const std::string& why) {
    return sdk::host_error(ELS_FAILED_PRECONDITION, "secret reference: " + why);
}

sdk::HostResult<std::string> secret_in_file(const std::string& path) {
    std::ifstream file(path);
    if (!file) return unresolved("its file cannot be read");
    std::string value(std::istreambuf_iterator<char>(file), {});
    while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
    return value;
}

}  // namespace

sdk::HostResult<std::string> resolve_secret(std::string_view reference) {
    boost::system::error_code error;
    const boost::json::value parsed = boost::json::parse(boost::json::string_view(reference), error);
    if (error || !parsed.is_object()) return unresolved("wanted {\"file\": PATH} or {\"env\": NAME}");
    const boost::json::value* file = parsed.get_object().if_contains("file");
    if (file != nullptr && file->is_string()) return secret_in_file(std::string(file->get_string()));
    const boost::json::value* name = parsed.get_object().if_contains("env");
    if (name == nullptr || !name->is_string()) return unresolved("only \"file\" and \"env\" are known here");
    const char* value = std::getenv(name->get_string().c_str());
    if (value == nullptr) return unresolved("its variable is not set");
    return std::string(value);
}

}  // namespace elasticity::check
