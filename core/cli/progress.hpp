#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/cli/exit_code.hpp"
#include "core/model/error.hpp"

namespace elasticity::cli {

/// One answer of the module: a status message (contract, section 3), of which fields that are not known here
/// are ignored.
struct Answer {
    std::string tool;  ///< "": the message as a whole, or a tool whose name cannot be told
    std::string state;
    std::string reason;
    std::vector<std::string> errors;          ///< "POINTER: message"
    std::vector<std::string> error_pointers;  ///< of the same errors
    boost::json::object document;
};

Result<Answer> parse_answer(const std::string& body);

/// "ncsa.image.ocr  deploying  0 of 2 instances run", and a line for each error that the reason does not
/// tell.
std::string to_text(const Answer& answer);

/// What became of each tool of a message, as its answers come in.
class Progress {
public:
    /// `tools` in the order of the message, "" where a name cannot be told.
    explicit Progress(std::vector<std::string> tools);

    /// Takes the next answer. One for the message as a whole stands for every tool.
    void take(const Answer& answer);

    std::size_t tool_count() const { return tools_.size(); }
    std::size_t settled_count() const;
    bool settled() const { return settled_count() == tools_.size(); }

    /// Of what is known so far: rejected before failed (or degraded, or not settled) before done.
    ExitCode exit_code() const;

    /// {"request_id", "result", "tools": [..]}, each tool as in its last status.
    boost::json::object to_json(const std::string& request_id) const;

private:
    struct ToolProgress {
        std::string name;
        std::optional<Answer> last;
    };
    std::vector<ToolProgress*> meant_by(const Answer& answer);

    std::vector<ToolProgress> tools_;
};

}  // namespace elasticity::cli
