#include "plugins/process/end_worker.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

#include "plugins/process/common/descriptor.hpp"

namespace elasticity::process {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Readable once the process has ended; none when it has ended already. The start time is compared after the
/// descriptor is open, so that it can never mean another process.
Descriptor watch(const ProcessId& id) {
    if (id.pid <= 0) return {};
    Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, id.pid, 0)));
    if (!process && errno != ESRCH)
        throw sdk::Error(
            ELS_UNAVAILABLE,
            "cannot watch process " + std::to_string(id.pid) + ": " + std::generic_category().message(errno),
            ELS_ERR_RETRY_SAME);
    return process && find_process(id) ? std::move(process) : Descriptor();
}

/// False when it has not ended within `patience`.
bool ends_within(const sdk::Call& call, const Descriptor& process, milliseconds patience) {
    const auto until = steady_clock::now() + patience;
    pollfd events[] = {{process.get(), POLLIN, 0}, {call.cancel_fd(), POLLIN, 0}};
    for (;;) {
        call.check(ELS_ERR_MAYBE_DONE);
        const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
        if (left.count() <= 0) return false;
        poll(events, 2, static_cast<int>(std::min(left, call.remaining()).count()));
        if (events[0].revents != 0) return true;
    }
}

void await_end(const sdk::Call& call, const Descriptor& process) {
    while (!ends_within(call, process, std::chrono::hours(1))) continue;
}

/// While the leader lives or is a zombie, no other group can have its number; after that, only if the group
/// is empty and all pids were used up since.
void signal_group(const ProcessId& leader, int number) { kill(-leader.pid, number); }

void end_process(const sdk::Call& call, const ProcessId& worker, milliseconds grace) {
    const Descriptor process = watch(worker);
    if (!process) return;
    constexpr milliseconds reserved_for_kill{2000};
    grace = std::min(grace, std::max(call.remaining() - reserved_for_kill, milliseconds(0)));
    if (grace.count() > 0) {
        signal_group(worker, SIGTERM);
        signal_group(worker, SIGCONT);  // A stopped worker would not see it.
    }
    if (grace.count() > 0 && ends_within(call, process, grace)) {
        signal_group(worker, SIGKILL);  // What the worker left behind.
        return;
    }
    signal_group(worker, SIGKILL);
    await_end(call, process);
}

/// It ends right after its worker. A shim that does not is stuck on a process that even SIGKILL cannot end.
void end_shim(const sdk::Call& call, const ProcessId& shim) {
    const Descriptor process = watch(shim);
    if (!process || ends_within(call, process, milliseconds(2000))) return;
    syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
    await_end(call, process);
}

}  // namespace

void end_worker(const sdk::Call& call, const Record& record, milliseconds grace) {
    if (record.boot != boot_id()) return;
    end_process(call, record.worker, grace);
    end_shim(call, record.shim);
}

bool signal_worker(const ProcessId& worker, int number) {
    const Descriptor process = watch(worker);
    return process && syscall(SYS_pidfd_send_signal, process.get(), number, nullptr, 0) == 0;
}

}  // namespace elasticity::process
