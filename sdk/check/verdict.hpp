#pragma once
#include <optional>
#include <string>

#include "sdk/host/error.hpp"

namespace elasticity::check {

enum class Status { pass, warning, fail, crashed, skipped };

const char* status_name(Status status);

/// What a check found: one sentence for people.
struct Verdict {
    Status status = Status::pass;
    std::string message;
};

/// A check ends its process with its verdict, from whatever thread: nothing is unwound through a plugin that
/// has just broken its contract, and a call that never returns cannot hold the verdict back.
[[noreturn]] void conclude(const Verdict& verdict);

/// Writes the verdict and goes on. False where that could not be done.
bool record_verdict(const Verdict& verdict);

[[noreturn]] void fail(const std::string& message);
[[noreturn]] void warn(const std::string& message);
[[noreturn]] void skip(const std::string& message);
void require(bool holds, const std::string& otherwise);

/// "NOT_FOUND: no such instance"
std::string text_of(const sdk::HostError& error);

template <class T>
void require_ok(const sdk::HostResult<T>& result, const std::string& what) {
    if (result.has_error()) fail(what + " failed with " + text_of(result.error()));
}

template <class T>
void require_code(els_code wanted, const sdk::HostResult<T>& result, const std::string& what) {
    const std::string want = std::string(", wanted ") + sdk::code_name(wanted);
    if (result.has_value()) fail(what + " succeeded" + want);
    if (result.error().code != wanted) fail(what + " said " + text_of(result.error()) + want);
}

/// The verdict file, through which the process of a check reports.
void set_verdict_file(std::string path);
std::optional<Verdict> read_verdict(const std::string& path);

}  // namespace elasticity::check
