#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/cli/arguments.hpp"
#include "core/model/error.hpp"

namespace elasticity::cli {

/// A deploy message that is ready to be sent.
struct Request {
    std::string id;
    std::string body;
    std::vector<std::string> tools;  ///< as answers will name them; "" for one that cannot be told
};

/// Reads a deploy message. One without request id gets `fresh_id`; otherwise its text is left as it is, and
/// judging it is left to the module. Errors begin with FILE:LINE:COLUMN.
Result<Request> read_request(const std::string& file, std::string_view text, const std::string& fresh_id);

/// The message of a remove, pause or resume command.
Request make_request(const ToolArguments& arguments, const std::string& target_url,
                     const std::string& fresh_id);

}  // namespace elasticity::cli
