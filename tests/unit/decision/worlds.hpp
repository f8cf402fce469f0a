#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/intake/message.hpp"
#include "core/plan/plan_tool.hpp"
#include "core/report/decide_status.hpp"
#include "core/state/apply.hpp"

/// Small words to build worlds with, and to read what was decided about them.
namespace elasticity::worlds {

constexpr TimePoint noon{Millis{1'700'000'000'000}};
constexpr Millis second{1'000};
constexpr Millis minute{60'000};

inline const std::string prod = "amqp://rabbitmq.ncsa.illinois.edu:5672/prod";

boost::json::object object(std::string_view text);

/// Two targets (prod, dev), the kinds docker and vm, images of ncsa alone, a secret `token`.
IntakeContext context();

/// A message to the target prod whose tools are the given JSON texts.
std::string message(const std::string& action, const std::vector<std::string>& tools);
Message read(const std::string& body, const IntakeContext& with = context());

/// {"kind": "docker", ...} with `more` members added: R"("queue": "q")".
std::string docker(const std::string& extractor, unsigned minimum, const std::string& more = "");

/// An entry of tools.json at prod.
ToolEntry entry(const std::string& tool, std::string_view fields, std::uint64_t generation = 1);

/// A deployed tool called ocr at prod.
Tool ocr(std::uint32_t minimum = 0, std::uint32_t maximum = 20);

Reading waiting(std::uint64_t ready, std::uint64_t in_work = 0);
Reading waiting_unseen(std::uint64_t ready);  ///< without the management API
Reading unread(Reading::State state = Reading::State::missing);

Worker worker(const std::string& key, WorkerState state, Millis age);
ToolView view(const Tool& tool, Reading reading, std::vector<Worker> workers = {});

/// "code pointer: message", a line each.
std::string to_text(const Findings& findings);
/// "verdict tool: reason", a line each.
std::string to_text(const std::vector<Applied>& results);
/// "target/tool queue min gGENERATION [paused] [removing]", a line each.
std::string summary(const DesiredState& state);
/// "create docker: reason", a line each; then what it waits for.
std::string to_text(const ToolPlan& plan);
/// "target: reason"
std::string to_text(const SizeDecision& size);
/// "state: reason", then its errors.
std::string to_text(const Status& status);

}  // namespace elasticity::worlds
