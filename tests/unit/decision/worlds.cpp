#include "tests/unit/decision/worlds.hpp"

#include <boost/json.hpp>

#include "core/model/json_text.hpp"

namespace elasticity::worlds {
namespace {

const char* docker_schema = R"({
  "type": "object", "required": ["image"], "properties": {
    "image": {"type": "string", "format": "container-image", "description": "image reference"},
    "command": {"type": "array", "items": {"type": "string"}, "description": "what it runs"},
    "cpus": {"type": "number", "minimum": 0.01, "maximum": 1024, "description": "CPU limit"}}})";

const char* vm_schema = R"({
  "type": "object", "required": ["image", "flavor"], "properties": {
    "image": {"type": "string", "minLength": 1, "maxLength": 255, "description": "name of an image"},
    "flavor": {"type": "string", "minLength": 1, "maxLength": 255, "description": "size of the machine"},
    "key_pair": {"type": "string", "description": "name of a key pair"},
    "ssh_user": {"type": "string", "description": "who logs in"},
    "service": {"type": "string", "description": "service to start"}}})";

Target target(const std::string& name, const std::string& host) {
    return {name, parse_target_url("amqp://" + host + "/" + name).value(),
            parse_target_url("http://" + host + "/" + name).value()};
}

/// Compiling schemas takes a while, and every test wants the same ones.
IntakeContext build_context() {
    IntakeContext context;
    context.targets = TargetTable({target("prod", "rabbitmq.ncsa.illinois.edu"), target("dev", "localhost")});
    context.kinds = KindTable::make({{"docker", {"local-docker"}}, {"vm", {"cloud"}}},
                                    {{"local-docker", object(docker_schema)}, {"cloud", object(vm_schema)}})
                        .value();
    context.allowed_images = {"docker.io/ncsa/*"};
    context.unmanaged_queues = {"error.*"};
    context.secret_names = {"token"};
    return context;
}

}  // namespace

boost::json::object object(std::string_view text) { return parse_json(text).value().as_object(); }

IntakeContext context() {
    static const IntakeContext built = build_context();
    return built;
}

std::string message(const std::string& action, const std::vector<std::string>& tools) {
    std::string all;
    for (const std::string& tool : tools) all += (all.empty() ? "" : ",") + tool;
    return R"({"action":")" + action + R"(","target":")" + prod + R"(","tools":[)" + all + "]}";
}

Message read(const std::string& body, const IntakeContext& with) { return read_message(body, {}, with, prod); }

std::string docker(const std::string& extractor, unsigned minimum, const std::string& more) {
    return R"({"kind":"docker","image":"ncsa/ocr:1","extractor":")" + extractor + R"(","min_instances":)" +
           std::to_string(minimum) + (more.empty() ? "" : "," + more) + "}";
}

ToolEntry entry(const std::string& tool, std::string_view fields, std::uint64_t generation) {
    ToolEntry entry;
    entry.key = {prod, tool};
    entry.fields = object(fields);
    entry.request_id = "r";
    entry.generation = generation;
    return entry;
}

Tool ocr(std::uint32_t minimum, std::uint32_t maximum) {
    return make_tool(entry("ocr", docker("ocr", minimum, R"("max_instances":)" + std::to_string(maximum))), {});
}

Reading waiting(std::uint64_t ready, std::uint64_t in_work) {
    Reading reading{Reading::State::value, ready, in_work};
    reading.at = noon;
    return reading;
}

Reading waiting_unseen(std::uint64_t ready) {
    Reading reading = waiting(ready);
    reading.unacknowledged.reset();
    return reading;
}

Reading unread(Reading::State state) {
    Reading reading{state};
    reading.reason = "broker away";
    return reading;
}

Worker worker(const std::string& key, WorkerState state, Millis age) {
    Worker worker{"docker", key, "id-" + key, key, prod};
    worker.state = state;
    worker.created = worker.state_since = noon - age;
    return worker;
}

ToolView view(const Tool& tool, Reading reading, std::vector<Worker> workers) {
    ToolView view;
    view.tool = &tool;
    view.reading = std::move(reading);
    view.backends = {{"docker", true, 100, ""}};
    view.install_id = "install";
    for (Worker& worker : workers) {
        worker.spec_hash = tool.spec_hash;
        view.workers.push_back({std::move(worker), false});
    }
    return view;
}

std::string to_text(const Findings& findings) {
    std::string text;
    for (const Finding& finding : findings) text += finding.code + " " + finding.pointer + ": " + finding.message + "\n";
    return text;
}

std::string to_text(const std::vector<Applied>& results) {
    std::string text;
    for (const Applied& result : results) {
        const char* verdict = "rejected ";
        if (result.verdict == Verdict::accepted) verdict = "accepted ";
        if (result.verdict == Verdict::unchanged) verdict = "unchanged ";
        if (result.verdict == Verdict::described) verdict = "described ";
        text += verdict + result.tool + ": " + result.reason + "\n";
    }
    return text;
}

std::string summary(const DesiredState& state) {
    std::string text;
    for (const auto& held : state.tools())
        text += held->entry.key.tool + " " + held->queue + " " +
                boost::json::serialize(held->entry.fields.at("min_instances")) + " g" +
                std::to_string(held->entry.generation) + (held->entry.paused ? " paused" : "") +
                (held->entry.removal ? " removing" : "") + "\n";
    return text;
}

std::string to_text(const ToolPlan& plan) {
    std::string text;
    for (const Step& step : plan.steps) {
        switch (step.kind) {
            case StepKind::create: text += (step.repeated ? "repeat " + step.key : "create") + " " + step.backend; break;
            case StepKind::destroy: text += "destroy " + step.key; break;
            case StepKind::create_queue: text += "create queue"; break;
            case StepKind::delete_queue: text += "delete queue"; break;
            case StepKind::forget: text += "forget"; break;
        }
        text += ": " + step.reason + "\n";
    }
    return text + (plan.waiting_for.empty() ? "" : "waiting: " + plan.waiting_for + "\n");
}

std::string to_text(const SizeDecision& size) { return std::to_string(size.target) + ": " + size.reason; }

std::string to_text(const Status& status) {
    return std::string(elasticity::to_text(status.state)) + ": " + status.reason + "\n" + to_text(status.errors);
}

}  // namespace elasticity::worlds
