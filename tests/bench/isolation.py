"""What it costs that a plugin runs in a process of its own: a call that does nothing, through both."""

import json
import statistics
import subprocess

import table

OVERHEAD_US_MAX = 150


def measure(build, _folder, pairs, report):
    program = build / "bin/elasticity-bench-call-overhead"
    plugin = build / "lib/elasticity/plugins/1/noop.so"
    run = subprocess.run([program, build / "bin/elasticity", plugin, str(pairs)], check=True, capture_output=True,
                         text=True)
    taken = json.loads(run.stdout)
    rounds = list(zip(taken["in_process_us"], taken["process_us"]))
    for here, there in rounds:
        report(f"a call in process {here:.1f} us, in a child {there:.1f} us")
    overhead = statistics.median(there - here for here, there in rounds)
    here, there = (statistics.median(side) for side in zip(*rounds))
    return [table.Row("a call to a child: overhead", f"{overhead:.0f} us ({there:.0f} us)",
                      f"limit {OVERHEAD_US_MAX} us (in process: {here:.0f} us)", overhead / OVERHEAD_US_MAX, limit=1)]
