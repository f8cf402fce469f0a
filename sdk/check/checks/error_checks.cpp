// What a plugin says when it says no, and what it must not say at all.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstring>

#include "sdk/check/catalog.hpp"
#include "sdk/check/guarded.hpp"
#include "sdk/check/session.hpp"
#include "sdk/check/sinks.hpp"
#include "sdk/host/utf8.hpp"

namespace elasticity::check {
namespace {

namespace json = boost::json;

/// Calls that every plugin must refuse, with the function that makes them.
template <class Visit>
void each_refusal(const Session& session, const Visit& visit) {
    const els_provisioner_v1& table = session.provisioner();
    int count = 0;
    els_instance_sink found = counting_sink(count);
    els_sink next = deaf_sink();
    const auto call = new_call(), cancelled = new_call(), late = new_call(milliseconds(-1000));
    cancelled->cancel();
    const sdk::HostRef unknown{"no-such-key", {}};
    const els_ref nobody = sdk::borrowed_ref(unknown);
    const auto inspect = [&](const sdk::HostCall& with) {
        return [&](els_error* error) {
            return table.inspect(session.backend(), with.get(), &nobody, &found, error);
        };
    };
    visit("inspect of an unknown key", inspect(*call));
    visit("a cancelled inspect", inspect(*cancelled));
    visit("a late inspect", inspect(*late));
    visit("list of a page that was never named", [&](els_error* error) {
        return table.list(session.backend(), call->get(), {"\x01", 1}, &found, &next, error);
    });
}

void text_is_sound(const Subject& subject) {
    const Session session(subject);
    each_refusal(session, [](const std::string& what, const auto& function) {
        els_error error{};
        error.size = sizeof error;
        const els_code code = function(&error);
        require(code != ELS_OK, what + " succeeded");
        require(std::memchr(error.message, '\0', sizeof error.message) != nullptr &&
                    std::memchr(error.field, '\0', sizeof error.field) != nullptr &&
                    std::memchr(error.provider_code, '\0', sizeof error.provider_code) != nullptr,
                what + ": a text of the error has no end");
        const std::string message = error.message;
        require(!message.empty(), what + ": an error without a message");
        require(message.find('\n') == message.npos, what + ": the message is more than one line");
        require(sdk::valid_utf8(message) == message, what + ": the message is no UTF-8");
        const bool is_known = std::strcmp(sdk::code_name(code), "UNKNOWN") != 0 || code == ELS_UNKNOWN;
        require(is_known, what + ": returned the unknown code " + std::to_string(code));
    });
}

void short_struct_is_respected(const Subject& subject) {
    const Session session(subject);
    each_refusal(session, [](const std::string& what, const auto& function) {
        const std::size_t sizes[] = {sizeof(std::uint32_t), offsetof(els_error, field),
                                     offsetof(els_error, message)};
        for (const std::size_t size : sizes) {
            Shorter<els_error> error(size);
            require(function(error.get()) != ELS_OK, what + " succeeded");
            require(error.rest_is_untouched(),
                    what + ": wrote beyond an els_error of " + std::to_string(size) + " bytes");
        }
    });
}

void no_exception_crosses(const Subject& subject) {
    Session session(subject);
    try {
        for (const char* params : {"{", "null", "{\"no such field\":1}"}) {
            sdk::HostSpec spec = session.new_spec();
            spec.params = params;
            session.create(spec);
        }
        session.create(session.new_spec());
        session.inspect({"no-such-key", "no-such-id"});
        session.destroy({"no-such-key", "no-such-id"});
        each_refusal(session, [](const std::string&, const auto& function) {
            els_error error{};
            error.size = sizeof error;
            function(&error);
        });
    } catch (...) {
        fail("an exception came out of the plugin; the core does not survive one");
    }
}

/// Replaces each text in `value`, at any depth, by one that means nothing. True if there was one.
bool spoil_texts(json::value& value) {
    bool spoilt = false;
    if (value.is_string()) {
        value = "/no/such/thing of elasticity-plugin-check";
        spoilt = true;
    } else if (value.is_array()) {
        for (json::value& element : value.get_array()) spoilt |= spoil_texts(element);
    } else if (value.is_object()) {
        for (auto& [key, element] : value.get_object()) spoilt |= spoil_texts(element);
    }
    return spoilt;
}

void names_the_field(const Subject& subject) {
    Session session(subject);
    const json::value params = json::parse(session.new_spec().params);
    bool refused = false;
    for (const auto& [name, value] : params.as_object()) {
        json::value spoilt = params;
        if (!spoil_texts(spoilt.as_object().at(name))) continue;
        sdk::HostSpec spec = session.new_spec();
        spec.params = json::serialize(spoilt);
        const auto created = session.create(spec);
        if (created.has_value() || created.error().code != ELS_INVALID_ARGUMENT) continue;
        refused = true;
        boost::system::error_code error;
        const std::string& field = created.error().field;
        require(!field.empty(), "an INVALID_ARGUMENT for /" + std::string(name) +
                                    " names no field: " + created.error().message);
        require(field.front() == '/' && spoilt.find_pointer(field, error) != nullptr,
                "an INVALID_ARGUMENT names the field " + field + ", which the params do not have");
    }
    if (!refused) skip("the params hold no text that this plugin refuses");
}

bool holds(const std::string& text, const std::string& secret) {
    return text.find(secret) != text.npos;
}

std::string all_texts(const sdk::HostInstance& instance) {
    return instance.detail + instance.name + instance.error + instance.address + instance.id;
}

void stay_secret(const Subject& subject) {
    Session session(subject);
    sdk::HostSpec spec = session.new_spec();
    const std::string secret = "secret-" + random_hex(12);
    spec.env.push_back({"CHECK_SECRET", secret, true});
    const sdk::HostInstance created = session.created(spec);
    spec.hash += 1;
    session.create(spec);  // refused: the error may talk
    sdk::HostSpec broken = spec;
    broken.key = "check-" + random_hex(6);
    broken.params = "{";
    session.create(broken);
    std::vector<std::string> secrets = session.told_secrets();
    secrets.push_back(secret);
    const sdk::HostInstance inspected = session.inspected({spec.key, {}});
    session.destroyed({spec.key, {}});
    for (const std::string& value : secrets) {
        require(!holds(session.heard(), value), "a secret stands in a log line or an error");
        for (const sdk::HostInstance& instance : {created, inspected})
            require(!holds(all_texts(instance), value), "a secret stands in what is said of an instance");
    }
}

}  // namespace

std::vector<Check> error_checks() {
    return {
        {"error.text_is_sound", "Every refusal has a known code and one line of UTF-8", text_is_sound},
        {"error.short_struct_is_respected", "Nothing is written beyond an older core's els_error",
         short_struct_is_respected},
        creates("error.no_exception_crosses", "No exception leaves the plugin", no_exception_crosses),
        creates("error.names_the_field", "A refusal of a parameter names it by its JSON pointer",
                names_the_field),
        creates("secrets.stay_secret", "No secret stands in a log line, an error or an instance",
                stay_secret),
    };
}

}  // namespace elasticity::check
