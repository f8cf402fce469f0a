#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/intake/context.hpp"
#include "core/model/finding.hpp"
#include "core/model/tool.hpp"

namespace elasticity {

enum class Action { deploy, remove, pause, resume, describe };

std::string_view to_text(Action action);

/// What a message says about one tool: a command, or every reason why not.
struct ToolCommand {
    std::string name;                     ///< "" when it cannot be told
    ToolKey key;                          ///< valid when there are no findings
    ToolEntry entry;                      ///< for deploy
    Removal removal;                      ///< for remove
    std::optional<std::int64_t> revision;
    Findings findings;
    std::string pointer;                  ///< where it stands in the message: "/tools/0"
};

/// A deploy message, read. When `rejection` is not empty the message is refused as a whole, and `tools` is empty.
struct Message {
    std::string request_id;  ///< "" when the message has none
    Action action = Action::deploy;
    std::string target_url;  ///< as statuses show it; "" when it is not known
    std::vector<ToolCommand> tools;
    Findings rejection;
};

/// What came with the body.
struct Envelope {
    std::string message_id;  ///< AMQP property, the request id when the body has none
};

/// `default_target` is the id of the target that carries the deploy queue: where tools go whose message names
/// none.
Message read_message(std::string_view body, const Envelope& envelope, const IntakeContext& context,
                     const std::string& default_target);

}  // namespace elasticity
