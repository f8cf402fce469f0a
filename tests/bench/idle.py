"""What an idle daemon costs: proportional set size and processor time, of it and its children."""

import pathlib
import time

import servers
import table

FEW, MANY = 100, 1000
WATCH_S = 30
MEMORY_MIB_MAX = 30
CPU_PERCENT_MAX = 1.0


def family(pid):
    """The process and all below it."""
    below = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            below += family(int(child))
    return [pid, *below]


def memory_mib(pid):
    kib = 0
    for member in family(pid):
        for line in pathlib.Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kib += int(line.split()[1])
    return kib / 1024


def cpu_seconds(pid):
    """Time that the scheduler gave to their threads, in nanoseconds: the clock ticks of /proc/PID/stat are 10 ms
    each, and an idle daemon uses few of them. No thread ends meanwhile."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for member in family(pid) for task in pathlib.Path(f"/proc/{member}/task").iterdir()) / 1e9


def watch(module, seconds):
    pid = module.process.pid
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    percent = 100 * (cpu_seconds(pid) - before) / (time.monotonic() - began)
    return memory_mib(pid), percent


def settle():
    """Statistics, lists and look-ups after a deploy have intervals of up to 15 s: a whole one goes by."""
    time.sleep(20)


def measure(build, folder, _pairs, report):
    tools = [f"idle-{number:04d}" for number in range(MANY)]
    results = []
    with servers.Broker(folder / "rabbitmq") as broker, \
            servers.Module(build, folder, broker, {"local": {"plugin": "process"}}, {"process": ["local"]}) as module:
        broker.declare(tools)
        for first, last in ((0, FEW), (FEW, MANY)):
            module.deploy([servers.process_tool(name) for name in tools[first:last]])
            settle()
            results.append(watch(module, WATCH_S))
            report(f"idle with {last} tools: {results[-1][0]:.1f} MiB, {results[-1][1]:.2f} % of a core")
    (few_mib, few_percent), (many_mib, many_percent) = results
    return [
        table.Row(f"idle, {FEW} tools: memory", f"{few_mib:.1f} MiB", f"limit {MEMORY_MIB_MAX} MiB",
                  few_mib / MEMORY_MIB_MAX, limit=1),
        table.Row(f"idle, {FEW} tools: processor", f"{few_percent:.2f} % of a core",
                  f"limit {CPU_PERCENT_MAX:g} %", few_percent / CPU_PERCENT_MAX, limit=1),
        table.Row(f"idle, {MANY} tools: memory", f"{many_mib:.1f} MiB", f"{FEW} tools: {few_mib:.1f} MiB",
                  many_mib / few_mib, limit=2),
        table.Row(f"idle, {MANY} tools: processor", f"{many_percent:.2f} % of a core",
                  f"{FEW} tools: {few_percent:.2f} %", many_percent / max(few_percent, 0.01), limit=5)]
