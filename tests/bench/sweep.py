"""One look at 10,000 queues: far faster than a management GET for each, and as fast as a bare pipelined client."""

import statistics
import subprocess

import servers
import table

QUEUES = 10_000
MISSING_EVERY = 20  # as in sweep.hpp
GETS = 500
DECLARED_AT_ONCE = 500


class Sweeper:
    """A program that stays connected and does a sweep for each line."""

    def __init__(self, *command):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("a sweeping program did not connect")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def sweep(self, what, queues=QUEUES):
        """Seconds, and frames sent; the answers must be right."""
        print(what, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the sweep {what!r} failed")
        nanoseconds, present, missing, frames = map(int, line.split())
        wanted = queues // MISSING_EVERY
        if (present, missing) != (queues - wanted, wanted):
            raise RuntimeError(f"the sweep {what!r} found {present} queues and missed {missing}")
        return nanoseconds / 1e9, frames


def declare(broker):
    names = [f"sweep-{number}" for number in range(QUEUES) if number % MISSING_EVERY]
    for first in range(0, len(names), DECLARED_AT_ONCE):
        broker.declare(names[first:first + DECLARED_AT_ONCE])


def run_rounds(reader, bare, pairs, report):
    """(seconds, frames) of each round, by what was done; the first round warms up. Who begins alternates."""
    results = {"first": [], "later": [], "bare": [], "gets": []}
    for number in range(pairs + 1):
        turns = [("first", lambda: reader.sweep("first")), ("later", lambda: reader.sweep("later")),
                 ("bare", lambda: bare.sweep("sweep"))]
        taken = {name: sweep() for name, sweep in (turns if number % 2 else [turns[2], *turns[:2]])}
        taken["gets"] = reader.sweep(f"get {GETS}", GETS)
        report(f"sweep, round {number} of {pairs}: " +
               ", ".join(f"{name} {seconds:.3f} s" for name, (seconds, _) in taken.items()))
        if number > 0:
            for name, result in taken.items():
                results[name].append(result)
    return results


def measure(build, folder, pairs, report):
    with servers.Broker(folder / "rabbitmq") as broker:
        declare(broker)
        amqp, management = broker.env["AMQP_PORT"], broker.env["MANAGEMENT_PORT"]
        with Sweeper(build / "bin/elasticity-bench-reader-sweep", amqp, management, QUEUES) as reader, \
                Sweeper(build / "bin/elasticity-bench-bare-sweep", amqp, QUEUES) as bare:
            results = run_rounds(reader, bare, pairs, report)
    return rows_of(results)


def rows_of(results):
    def ratio(ours, theirs, scale=1.0):
        return statistics.median(a / (scale * b) for (a, _), (b, _) in zip(results[ours], results[theirs]))

    def told(name):
        seconds, frames = map(statistics.median, zip(*results[name]))
        return f"{1000 * seconds:.0f} ms, {frames:.0f} frames"
    gets = statistics.median(seconds for seconds, _ in results["gets"]) * QUEUES / GETS
    what = f"{QUEUES} queues, {100 // MISSING_EVERY} % missing: "
    return [
        table.Row(what + "first look", told("first"), f"{GETS} management GETs, times {QUEUES // GETS}: {gets:.1f} s",
                  1 / ratio("first", "gets", QUEUES / GETS), limit=20, at_least=True),
        table.Row(what + "first look", told("first"), f"a bare pipelined client: {told('bare')}",
                  ratio("first", "bare"), limit=1.5),
        table.Row(what + "missing ones known", told("later"), f"a bare pipelined client: {told('bare')}",
                  ratio("later", "bare"), limit=1.5)]
