#!/usr/bin/env python3
"""Measures Elasticity against what it must keep up with: `make bench`.

All servers are private, in a temporary folder, and end with the run, also on Ctrl-C. Exit code 1: a limit was
missed, or a measure could not be taken.
"""

import argparse
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import containers
import idle
import intake
import isolation
import plan
import policies
import sweep
import table

MEASURES = {
    "containers": containers.measure_many,
    "from-zero": containers.measure_from_zero,
    "intake": intake.measure,
    "idle": idle.measure,
    "isolation": isolation.measure,
    "sweep": sweep.measure,
    "plan": plan.measure,
    "policies": policies.measure,
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path, help="a release build, e.g. build/release")
    parser.add_argument("--only", choices=MEASURES, action="append", help="this measure alone; may be repeated")
    parser.add_argument("--pairs", type=int, default=7, help="rounds whose median counts (default: 7)")
    parser.add_argument("--json", type=pathlib.Path, help="writes the rows to this file, too")
    return parser.parse_args()


def run_measure(name, build, pairs):
    """Its rows; nothing when it could not be taken, which is said."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"elasticity-bench-{name}-"))
    try:
        return MEASURES[name](build, folder, pairs, report)
    except (RuntimeError, OSError, subprocess.SubprocessError) as problem:
        print(f"bench: {name}: {problem}", file=sys.stderr)
        log = folder / "daemon.log"
        if log.exists():
            print("".join(log.read_text().splitlines(keepends=True)[-20:]), file=sys.stderr)
        return []
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def report(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build = options.build.resolve()
    rows, complete = [], True
    try:
        for name in options.only or MEASURES:
            taken = run_measure(name, build, options.pairs)
            rows += taken
            complete = complete and bool(taken)
    except KeyboardInterrupt:
        sys.exit("broken off")
    table.print_table(rows)
    if options.json:
        options.json.write_text(json.dumps([row.to_json() for row in rows], indent=2) + "\n")
    sys.exit(0 if complete and not any(row.fails() for row in rows) else 1)


if __name__ == "__main__":
    main()
