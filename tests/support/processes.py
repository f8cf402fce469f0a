"""Workers of the process backend, as the kernel shows them."""

import os
import pathlib
import signal


def environment_of(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    pairs = (item.split(b"=", 1) for item in text.split(b"\0") if b"=" in item)
    return {name.decode(errors="replace"): value.decode(errors="replace") for name, value in pairs}


def is_alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def workers_of(owner):
    """{pid: key} of every living process that carries the owner's mark."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or not is_alive(entry):
            continue
        environment = environment_of(entry)
        if environment.get("ELASTICITY_OWNER") == owner:
            found[int(entry)] = environment.get("ELASTICITY_KEY")
    return found


def shims_of(state_dir):
    """Pids of the helpers that stand by workers whose records are below the folder."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or not is_alive(entry):
            continue
        try:
            command = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "elasticity-process-shim" in command and str(state_dir) in command:
            found.append(int(entry))
    return found


def end_workers(owner):
    """For what a failed test leaves behind."""
    for pid in workers_of(owner):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
