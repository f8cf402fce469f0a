#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "plugins/process/common/fields.hpp"
#include "plugins/process/common/record.hpp"

/// The wire between the plugin and the shim: one request on the shim's standard input, one reply on its
/// standard output, both as Fields. Standard input and output, because they pass through systemd-run
/// unharmed; never the command line, which everybody may read, because the environment of a worker holds
/// secrets.
namespace elasticity::process {

struct ResourceLimit {
    int resource = 0;  ///< RLIMIT_*
    std::uint64_t soft = 0, hard = 0;
};

struct Request {
    Record worker;  ///< owner, key, name, tool, spec_hash, log_file; of a supervised one also its process
    bool supervise_only = false;  ///< the worker runs, but its shim is gone: take its place
    std::string run_dir;
    std::uint64_t log_bytes_max = 0;
    unsigned log_files_max = 1;
    std::string program, working_directory;
    std::vector<std::string> arguments, environment;
    std::vector<ResourceLimit> limits;
    bool change_user = false;
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> groups;
};

Fields to_fields(const Request& request);
Request to_request(const Fields& fields);

struct Reply {
    enum class Result {
        started,
        known,   ///< this key has a record: nothing was started
        failed,  ///< `step` failed with `error_number`, and nothing runs
        none,    ///< no reply of a shim: `text` is what the launcher said
    };
    Result result = Result::none;
    std::string step;
    int error_number = 0;
    std::string text;
};

std::string to_text(const Reply& reply);
Reply to_reply(std::string text);

/// Why no worker was started. `step` is the shim's word for what it was doing.
struct StepFailed : std::system_error {
    StepFailed(std::string failed_step, int error_number)
        : std::system_error(error_number, std::generic_category(), failed_step),
          step(std::move(failed_step)) {}
    std::string step;
};

inline constexpr const char* step_execute = "execute the command";
inline constexpr const char* step_directory = "enter the working directory";

}  // namespace elasticity::process
