"""Ours beside the formulas of HPA and KEDA, target tracking and the original module, in the same simulated worlds."""

import itertools
import json
import subprocess

import table

TRACES = 200
SLACK = 1.05  # more than this in time and in worker-seconds is lost


def standings(build):
    done = subprocess.run([build / "bin/elasticity-bench-policies", str(TRACES)], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or "the policies did not run")
    return [json.loads(line) for line in done.stdout.splitlines()]


def told(standing):
    rounds, jobs = standing["rounds"], standing["jobs"]
    return (f"{standing['drain_s'] / rounds:.0f} s, {standing['in_system_s'] / jobs:.1f} s, "
            f"{standing['worker_s'] / rounds:.0f}, {standing['scale_actions'] / rounds:.0f}, {standing['run_twice']}")


def worse(ours, theirs):
    """What ours loses by: the lesser of its worse time and its worker-seconds, each divided by theirs."""
    time = max(ours[key] / theirs[key] for key in ("drain_s", "in_system_s"))
    return min(time, ours["worker_s"] / theirs["worker_s"])


def measure(build, _folder, _pairs, report):
    rows = []
    for workload, group in itertools.groupby(standings(build), key=lambda standing: standing["workload"]):
        ours, *others = group
        if not all(each["drained"] for each in (ours, *others)):
            raise RuntimeError(f"not all messages of {workload} were done")
        rows.append(table.Row(f"{workload}: jobs run twice", f"{ours['run_twice']} of {ours['jobs']}", "none",
                              ours["run_twice"], limit=0))
        for other in others:
            if other["rounds"] > 1:
                report(f"{workload}: of {other['rounds']} rounds {other['rounds_lost']} are lost to {other['policy']}")
            rows.append(table.Row(f"{workload}: {other['policy']}", told(ours), told(other), worse(ours, other),
                                  limit=SLACK))
    report("columns of the policies: time to drain, mean time of a job in the system, worker-seconds, scale actions "
           "(of one round), jobs run twice (of all)")
    return rows
