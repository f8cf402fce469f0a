#include "plugins/process/common/record.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>
#include <system_error>

#include "plugins/process/common/descriptor.hpp"

namespace elasticity::process {
namespace {

constexpr std::string_view suffix = ".worker";

std::string path_of(const std::string& run_dir, std::string_view key) {
    return run_dir + "/" + std::string(key) + std::string(suffix);
}

ProcessId process_of(const Fields& fields, const std::string& prefix) {
    return {static_cast<pid_t>(fields.number(prefix + "_pid")),
            static_cast<std::uint64_t>(fields.number(prefix + "_start_ticks"))};
}

void add_process(Fields& fields, const std::string& prefix, const ProcessId& id) {
    fields.add(prefix + "_pid", id.pid);
    fields.add(prefix + "_start_ticks", static_cast<long long>(id.start_ticks));
}

std::string_view text_of(Record::Phase phase) {
    switch (phase) {
        case Record::Phase::starting: return "starting";
        case Record::Phase::running: return "running";
        case Record::Phase::ended: return "ended";
    }
    __builtin_unreachable();
}

Record::Phase phase_of(std::string_view text) {
    if (text == "starting") return Record::Phase::starting;
    return text == "running" ? Record::Phase::running : Record::Phase::ended;
}

[[noreturn]] void throw_failed(const std::string& path) {
    throw std::system_error(errno, std::generic_category(), path);
}

void write_whole(const std::string& path, const std::string& text) {
    const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file) throw_failed(path);
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written == static_cast<ssize_t>(text.size())) return;
    if (written >= 0) errno = ENOSPC;  // The only reason for a short write to a regular file.
    throw_failed(path);
}

}  // namespace

int exit_code_of(int wait_status) {
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

Fields to_fields(const Record& record) {
    Fields fields;
    fields.add("phase", text_of(record.phase));
    fields.add("owner", record.owner);
    fields.add("key", record.key);
    fields.add("name", record.name);
    fields.add("tool", record.tool);
    fields.add("spec_hash", std::string_view(std::to_string(record.spec_hash)));
    add_process(fields, "worker", record.worker);
    add_process(fields, "shim", record.shim);
    fields.add("boot", record.boot);
    fields.add("log_file", record.log_file);
    fields.add("created_unix_ms", record.created_unix_ms);
    fields.add("ended_unix_ms", record.ended_unix_ms);
    fields.add("exit_code", record.exit_code);
    fields.add("end", "");  // Told from a record that was cut short.
    return fields;
}

std::optional<Record> to_record(const Fields& fields) {
    if (fields.all("end").empty()) return std::nullopt;
    Record record;
    record.phase = phase_of(fields.get("phase"));
    record.owner = fields.get("owner");
    record.key = fields.get("key");
    record.name = fields.get("name");
    record.tool = fields.get("tool");
    record.spec_hash = std::strtoull(std::string(fields.get("spec_hash")).c_str(), nullptr, 10);
    record.worker = process_of(fields, "worker");
    record.shim = process_of(fields, "shim");
    record.boot = fields.get("boot");
    record.log_file = fields.get("log_file");
    record.created_unix_ms = fields.number("created_unix_ms");
    record.ended_unix_ms = fields.number("ended_unix_ms");
    record.exit_code = static_cast<int>(fields.number("exit_code", -1));
    return record;
}

std::optional<Record> read_record(const std::string& run_dir, std::string_view key) {
    std::optional<std::string> text = read_file(path_of(run_dir, key));
    return text ? to_record(Fields(std::move(*text))) : std::nullopt;
}

std::map<std::string, Record> read_records(const std::string& run_dir) {
    std::map<std::string, Record> records;  // A rename while we read may show one file twice.
    std::error_code error;
    std::filesystem::directory_iterator entries(run_dir, error);
    if (error == std::errc::no_such_file_or_directory) return records;
    if (error) throw std::system_error(error, run_dir);
    for (const auto& entry : entries) {
        const std::string file = entry.path().filename().string();
        if (!std::string_view(file).ends_with(suffix)) continue;
        std::optional<Record> record = read_record(run_dir, file.substr(0, file.size() - suffix.size()));
        if (record) records.emplace(record->key, std::move(*record));
    }
    return records;
}

void write_file(const std::string& path, const std::string& text) {
    const std::string aside =
        path + ".new" + std::to_string(gettid());  // Threads may write one file at once.
    write_whole(aside, text);
    if (rename(aside.c_str(), path.c_str()) != 0) throw_failed(path);
}

void write_record(const std::string& run_dir, const Record& record) {
    write_file(path_of(run_dir, record.key), to_fields(record).text());
}

void remove_record(const std::string& run_dir, std::string_view key) {
    const std::string path = path_of(run_dir, key);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) throw_failed(path);
}

}  // namespace elasticity::process
