#include "core/intake/check_tool.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <elasticity/sdk/image_reference.hpp>
#include <set>

#include "core/model/json_text.hpp"
#include "core/model/names.hpp"
#include "core/schemas/embedded.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

constexpr std::array<std::string_view, 4> given_variables{"RABBITMQ_URI", "RABBITMQ_VHOST", "RABBITMQ_EXCHANGE",
                                                          "RABBITMQ_QUEUE"};

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? "none" : text;
}

const Schema& scaling_schema() {
    static const Schema schema = Schema::compile(parse_json(schemas::scaling).value().as_object()).value();
    return schema;
}

std::string string_at(const json::object& fields, std::string_view name) {
    const json::value* value = fields.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// Collects findings about one tool whose fields already fit the schema.
class Checker {
public:
    Checker(const json::object& fields, const IntakeContext& context, const Kind& kind, std::string_view base)
        : fields_(fields), context_(context), kind_(kind), base_(base) {}

    Findings run() {
        check_names();
        check_counts();
        check_environment();
        check_scaling();
        check_placement();
        check_options();
        check_required();
        check_images();
        check_text(fields_, base_);
        return std::move(findings_);
    }

private:
    void add(std::string code, const std::string& pointer, std::string message) {
        findings_.push_back({std::move(code), pointer, std::move(message)});
    }
    void invalid(std::string_view field, std::string message) {
        add("invalid_field", pointer_to(base_, field), std::move(message));
    }

    void check_printable(const std::string& pointer, std::string_view name) {
        if (!is_printable_name(name))
            add("invalid_field", pointer, "must be 1 to 255 printable characters of UTF-8");
    }

    void check_queue_name(const std::string& pointer, std::string_view queue) {
        check_printable(pointer, queue);
        if (queue.starts_with("amq."))
            return add("invalid_field", pointer, "names that begin with 'amq.' belong to the broker");
        for (const std::string& pattern : context_.unmanaged_queues)
            if (matches_pattern(queue, pattern))
                add("queue_unmanaged", pointer, "matches '" + pattern + "' of the settings' unmanaged.queues");
    }

    void check_names() {
        const bool one = fields_.contains("extractor");
        const bool many = fields_.contains("extractors");
        if (one && many) invalid("extractors", "stands beside extractor; give one of them");
        if (!one && !many) add("missing_field", pointer_to(base_, "extractor"), "is missing; give extractor or extractors");
        if (one) check_queue_name(pointer_to(base_, "extractor"), string_at(fields_, "extractor"));
        if (many) {
            std::size_t index = 0;
            for (const json::value& name : fields_.at("extractors").as_array())
                check_queue_name(pointer_to(pointer_to(base_, "extractors"), index++), std::string_view(name.as_string()));
        }
        if (fields_.contains("queue")) check_queue_name(pointer_to(base_, "queue"), string_at(fields_, "queue"));
        check_tool_name();
        if (fields_.contains("name_prefix") && !is_plain_name(string_at(fields_, "name_prefix"), 40))
            invalid("name_prefix", "must be 1 to 40 letters, digits, '_', '.' or '-', beginning with a letter or digit");
    }

    /// It is part of the label that each worker carries, wherever it was taken from.
    void check_tool_name() {
        constexpr std::size_t tool_name_max = 200;
        const std::string name = tool_name(fields_);
        const bool given = fields_.contains("tool");
        if (given) check_printable(pointer_to(base_, "tool"), name);
        if (name.size() > tool_name_max)
            invalid("tool", given ? "must be at most 200 bytes" : "give one of at most 200 bytes; its default is too long");
    }

    void check_counts() {
        if (!fields_.contains("min_instances")) return;
        const auto minimum = fields_.at("min_instances").to_number<std::uint32_t>();
        const json::value* given = fields_.if_contains("max_instances");
        const auto maximum = given ? given->to_number<std::uint32_t>() : std::max(default_max_instances, minimum);
        const std::string limit = std::to_string(context_.instances_max);
        if (minimum > context_.instances_max) invalid("min_instances", "must be 0 to " + limit);
        else if (maximum > context_.instances_max)
            invalid("max_instances", "must be at most " + limit + ", got " + std::to_string(maximum) + (given ? "" : " by default"));
        if (maximum < minimum)
            invalid("max_instances", "must be at least min_instances (" + std::to_string(minimum) + "), got " +
                                         std::to_string(maximum));
    }

    void check_variable(std::string_view name, const json::value& value, const std::string& pointer) {
        const auto is_part = [](char c) {
            return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        };
        const bool digit_first = !name.empty() && name.front() >= '0' && name.front() <= '9';
        if (name.empty() || name.size() > 255 || digit_first || !std::all_of(name.begin(), name.end(), is_part))
            add("invalid_field", pointer, "a variable's name must be letters, digits and '_', not beginning with a digit");
        const bool given = std::find(given_variables.begin(), given_variables.end(), name) != given_variables.end();
        if (given || name.starts_with("ELASTICITY_"))
            add("invalid_field", pointer, "is set by the module itself and cannot be given");
        const json::object* secret = value.if_object();
        if (!secret) return;
        const std::string wanted = string_at(*secret, "secret");
        const auto& known = context_.secret_names;
        if (std::find(known.begin(), known.end(), wanted) == known.end())
            add("unknown_secret", pointer_to(pointer, "secret"), "'" + wanted + "' is not among the settings' secrets; known: " + joined(known));
    }

    void check_environment() {
        const json::value* environment = fields_.if_contains("environment");
        if (!environment) return;
        const std::string pointer = pointer_to(base_, "environment");
        for (const auto& member : environment->as_object())
            check_variable(member.key(), member.value(), pointer_to(pointer, std::string_view(member.key())));
    }

    void check_schedule(const std::vector<ScheduleEntry>& schedule, const std::string& pointer) {
        const auto maximum = fields_.contains("max_instances") ? fields_.at("max_instances").to_number<std::uint32_t>() : context_.instances_max;
        for (std::size_t i = 0; i < schedule.size(); ++i) {
            const std::string entry = pointer_to(pointer, i);
            if (!context_.knows_time_zone(schedule[i].timezone))
                add("unknown_time_zone", pointer_to(entry, "timezone"),
                    "'" + schedule[i].timezone + "' is not known here; wanted: a name such as America/Chicago");
            if (schedule[i].min_instances > maximum)
                add("invalid_field", pointer_to(entry, "min_instances"),
                    "must be at most max_instances (" + std::to_string(maximum) + "), got " + std::to_string(schedule[i].min_instances));
        }
    }

    void check_scaling() {
        const json::value* scaling = fields_.if_contains("scaling");
        if (!scaling) return;
        Findings found = scaling_schema().check(*scaling, pointer_to(base_, "scaling"));
        if (found.empty()) {
            const auto policy = parse_scaling(scaling->as_object());
            if (!policy) invalid("scaling", policy.error().message);
            else check_schedule(policy->schedule, pointer_to(pointer_to(base_, "scaling"), "schedule"));
        }
        findings_.insert(findings_.end(), found.begin(), found.end());
    }

    void check_placement() {
        const std::string backend = string_at(fields_, "backend");
        if (backend.empty()) return;
        if (std::find(kind_.backends.begin(), kind_.backends.end(), backend) == kind_.backends.end())
            add("unknown_backend", pointer_to(base_, "backend"),
                "'" + backend + "' does not run tools of kind " + kind_.name + "; known: " + joined(kind_.backends));
    }

    void check_options() {
        const json::value* options = fields_.if_contains("options");
        if (!options) return;
        for (const auto& option : options->as_object())
            if (fields_.contains(option.key()))
                add("invalid_field", pointer_to(pointer_to(base_, "options"), std::string_view(option.key())),
                    "stands beside the options as well; give it once");
    }

    const json::value* plugin_field(const std::string& name, std::string& pointer) const {
        pointer = pointer_to(base_, name);
        if (const json::value* value = fields_.if_contains(name)) return value;
        const json::value* options = fields_.if_contains("options");
        const json::value* value = options ? options->as_object().if_contains(name) : nullptr;
        if (value) pointer = pointer_to(pointer_to(base_, "options"), name);
        return value;
    }

    void check_required() {
        for (const std::string& name : kind_.required) {
            std::string pointer;
            if (plugin_field(name, pointer)) continue;
            const json::object& property = kind_.schema.document().at("properties").at(name).as_object();
            add("missing_field", pointer, "is missing; tools of kind " + kind_.name + " need it: " + string_at(property, "description"));
        }
    }

    bool image_allowed(const sdk::ImageReference& image) const {
        return std::any_of(context_.allowed_images->begin(), context_.allowed_images->end(), [&](const std::string& pattern) {
            return matches_pattern(image.repository(), pattern) || matches_pattern(image.text(), pattern);
        });
    }

    void check_images() {
        for (const std::string& name : kind_.image_fields) {
            std::string pointer;
            const json::value* value = plugin_field(name, pointer);
            if (!value || !value->is_string()) continue;
            const auto image = sdk::parse_image_reference(std::string_view(value->get_string()));
            if (!image)
                add("invalid_field", pointer, "must be an image reference such as registry.example.org/ncsa/ocr:1.4, got " + json::serialize(*value).substr(0, 80));
            else if (context_.allowed_images && !image_allowed(*image))
                add("image_not_allowed", pointer, image->text() + " is not among the allowed images: " + joined(*context_.allowed_images));
        }
    }

    /// No text may hold a NUL: it would be cut short where a C string begins.
    void check_text(const json::value& value, const std::string& pointer) {
        if (const json::string* text = value.if_string()) {
            if (std::string_view(*text).find('\0') != std::string_view::npos)
                add("invalid_field", pointer, "must not hold a NUL character");
        } else if (const json::array* array = value.if_array()) {
            for (std::size_t i = 0; i < array->size(); ++i) check_text((*array)[i], pointer_to(pointer, i));
        } else if (const json::object* object = value.if_object()) {
            for (const auto& member : *object) check_text(member.value(), pointer_to(pointer, std::string_view(member.key())));
        }
    }

    const json::object& fields_;
    const IntakeContext& context_;
    const Kind& kind_;
    std::string base_;
    Findings findings_;
};

/// The fields that fit the schema: they can be looked at more closely although others do not fit.
json::object sound_part(const json::object& fields, const Findings& findings, std::string_view base) {
    std::set<std::string> unsound;
    for (const Finding& finding : findings) {
        const std::string_view inside = std::string_view(finding.pointer).substr(base.size());
        unsound.emplace(inside.substr(0, inside.find('/', 1)));
    }
    json::object sound;
    for (const auto& member : fields)
        if (!unsound.contains(pointer_to("", std::string_view(member.key())))) sound.insert(member);
    return sound;
}

bool concerns(const Finding& finding, const std::string& pointer) {
    return finding.pointer == pointer || finding.pointer.starts_with(pointer + "/");
}

/// Adds what is not yet said about the same place.
void append_new(Findings& findings, const Findings& more) {
    const std::size_t before = findings.size();
    for (const Finding& finding : more) {
        const auto end = findings.begin() + static_cast<std::ptrdiff_t>(before);
        if (std::none_of(findings.begin(), end, [&](const Finding& f) { return concerns(f, finding.pointer); }))
            findings.push_back(finding);
    }
}

json::object without_name(const json::object& fields) {
    json::object rest = fields;
    rest.erase("tool");
    return rest;
}

}  // namespace

std::string tool_name(const json::object& fields) {
    if (std::string name = string_at(fields, "tool"); !name.empty()) return name;
    // A machine is many extractors, so that its prefix names it better than any of them (contract, section 1).
    if (string_at(fields, "kind") == "vm")
        if (std::string prefix = string_at(fields, "name_prefix"); !prefix.empty()) return prefix;
    if (std::string name = string_at(fields, "extractor"); !name.empty()) return name;
    const json::value* many = fields.if_contains("extractors");
    if (!many || !many->is_array() || many->get_array().empty()) return {};
    const json::value& first = many->get_array().front();
    return first.is_string() ? std::string(first.get_string()) : std::string();
}

CheckedTool check_tool(const json::object& fields, const std::string& target_id, const IntakeContext& context,
                       std::string_view base) {
    CheckedTool checked;
    checked.name = tool_name(fields);
    const std::string kind_name = string_at(fields, "kind");
    const Kind* kind = context.kinds.find(kind_name);
    if (!kind) {
        const bool missing = !fields.contains("kind");
        checked.findings.push_back({missing ? "missing_field" : "unknown_kind", pointer_to(base, "kind"),
                                    (missing ? "is missing" : "no backend runs this kind of tool") +
                                        std::string("; known: ") + joined(context.kinds.names())});
        return checked;
    }
    checked.findings = kind->schema.check(fields, base);
    // When only the first of many misfits are known, nothing tells which fields may be looked at.
    if (checked.findings.size() < findings_max) {
        const json::object sound = sound_part(fields, checked.findings, base);
        append_new(checked.findings, Checker(sound, context, *kind, base).run());
    }
    if (checked.findings.size() > findings_max) checked.findings.resize(findings_max);
    checked.entry.key = {target_id, checked.name};
    checked.entry.fields = without_name(fields);
    return checked;
}

}  // namespace elasticity
