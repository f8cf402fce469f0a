#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/process/common/proc.hpp"

namespace elasticity::process {

/// What is known of one worker, in the file RUN_DIR/KEY.worker. The shim writes it, a change at a time and
/// whole; the plugin reads it, and removes it when the worker is destroyed.
struct Record {
    enum class Phase {
        starting,  ///< the process is there, the program not yet in it
        running,
        ended,
    };
    Phase phase = Phase::starting;
    std::string owner, key, name, tool;
    std::uint64_t spec_hash = 0;
    ProcessId worker;
    ProcessId shim;
    std::string boot;  ///< of which boot_id() the processes are
    std::string log_file;
    std::int64_t created_unix_ms = 0;
    std::int64_t ended_unix_ms = 0;
    int exit_code = -1;  ///< of an ended one: -1 = unknown, 128 + n = ended by signal n
};

/// The exit code that a wait status stands for.
int exit_code_of(int wait_status);

Fields to_fields(const Record& record);
std::optional<Record> to_record(const Fields& fields);

/// nullopt: not there, or cut short by a crash of the machine.
std::optional<Record> read_record(const std::string& run_dir, std::string_view key);

/// Every record of the folder, by key; other files in it are left alone.
std::map<std::string, Record> read_records(const std::string& run_dir);

/// Writes aside and renames: whole or not at all, also for those who read it meanwhile. Throws
/// std::system_error.
void write_file(const std::string& path, const std::string& text);

/// As write_file.
void write_record(const std::string& run_dir, const Record& record);

/// One that is not there is fine.
void remove_record(const std::string& run_dir, std::string_view key);

}  // namespace elasticity::process
