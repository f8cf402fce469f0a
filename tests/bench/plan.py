"""Decisions cost as much as what changed, however large the world is."""

import statistics
import subprocess

import table

FEW, MANY = 100, 10_000
WORKERS_PER_TOOL = 10
ROUNDS = 5  # within a process; its median counts
PASS_MS_AIM = 50
MEMORY_MIB_AIM = 150


def run(build, tools):
    """Nanoseconds of a full pass, of one change, of a whole list; resident bytes."""
    done = subprocess.run([build / "bin/elasticity-bench-plan", str(tools), str(ROUNDS)], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return list(map(int, done.stdout.split()))


def measure(build, _folder, pairs, report):
    few, many = [], []
    for number in range(pairs):
        few.append(run(build, FEW))
        many.append(run(build, MANY))
        report(f"plan, round {number + 1} of {pairs}: all of {FEW} tools {few[-1][0] / 1e6:.2f} ms, "
               f"of {MANY} {many[-1][0] / 1e6:.1f} ms")

    def median(results, column):
        return statistics.median(result[column] for result in results)

    def per_worker(results, column, tools):
        return median(results, column) / (tools * WORKERS_PER_TOOL)
    full_ms, one_us = median(many, 0) / 1e6, median(many, 1) / 1e3
    resident_mib = median(many, 3) / 2**20
    what = f"{MANY} tools, {MANY * WORKERS_PER_TOOL} workers: "

    def shape_row(name, column):
        ratio = statistics.median(b[column] / a[column] for a, b in zip(few, many)) * FEW / MANY
        return table.Row(what + name, f"{per_worker(many, column, MANY):.0f} ns a worker",
                         f"{FEW} tools: {per_worker(few, column, FEW):.0f} ns", ratio, limit=1.3)
    return [
        shape_row("a plan of all", 0),
        table.Row(what + "a plan of all", f"{full_ms:.0f} ms", f"aim {PASS_MS_AIM} ms", full_ms / PASS_MS_AIM, aim=1),
        table.Row(what + "one tool changed", f"{one_us:.1f} us", f"a plan of all: {full_ms:.0f} ms",
                  one_us / 1e3 / full_ms, limit=1 / 50),
        table.Row(what + "resident memory", f"{resident_mib:.0f} MiB", f"aim {MEMORY_MIB_AIM} MiB",
                  resident_mib / MEMORY_MIB_AIM, aim=1),
        table.Row(what + "a whole list", f"{median(many, 2) / 1e6:.0f} ms",
                  f"{FEW} tools: {per_worker(few, 2, FEW):.0f} ns a worker",
                  per_worker(many, 2, MANY) / per_worker(few, 2, FEW))]
