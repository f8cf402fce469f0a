"""Deploy messages: as fast as durable commits of many at once allow."""

import json
import os
import statistics
import subprocess
import time

import idle
import servers
import table

TOOLS = 2000
COMMITS_MAX = 100
LONE_ROUNDS = 9
WARM_UP = 4
BARE_QUEUE = "bench.bare"
DEPLOY_QUEUE = "elasticity-deploy"
# What history keeps must not hide how many commits there were.
HISTORY_GENERATIONS = 10000


def messages(revision):
    """One message for each tool, each a change of it."""
    return [json.dumps({"tools": [servers.process_tool(name, max_instances=100 + revision)]}) for name in names()]


def names():
    return [f"tool-{number:04d}" for number in range(TOOLS)]


def holds_all(module, revision):
    return (module.state / "tools.json").read_text().count(f'"max_instances": {100 + revision}') == TOOLS


def burst_seconds(module, publisher, revision):
    """From the first of the messages to the commit that holds the last; and how many commits it took."""
    tools_file = module.state / "tools.json"
    before = module.generation()
    began_ns = publisher.publish(messages(revision))
    servers.await_true("all messages are committed", lambda: holds_all(module, revision), 120)
    ended_ns = os.stat(tools_file).st_ctime_ns  # when it was renamed into place
    return (ended_ns - began_ns) / 1e9, module.generation() - before


class BareConsumer:
    """The same messages, published in the same way, to a consumer that only acknowledges. Both stay connected
    between bursts, as the module and its publisher do: an idle connection is slower at first than a fresh one."""

    def __init__(self, build, broker):
        self.process = subprocess.Popen([build / "bin/elasticity-bench-bare-consumer", "127.0.0.1",
                                         broker.env["AMQP_PORT"], BARE_QUEUE, str(TOOLS)],
                                        stdout=subprocess.PIPE, text=True)
        self.publisher = servers.LinePublisher(broker, BARE_QUEUE)

    def __enter__(self):
        self.process.stdout.readline()  # it consumes
        await_connected(self.publisher)
        return self

    def __exit__(self, *error):
        self.publisher.__exit__(*error)
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def burst_seconds(self, revision):
        began_ns = self.publisher.publish(messages(revision))
        return (int(self.process.stdout.readline()) - began_ns) / 1e9


def await_connected(publisher):
    """Until it waits for lines: its system call is read (0) of descriptor 0."""
    def waits():
        with open(f"/proc/{publisher.process.pid}/syscall") as call:
            return call.read().split()[:2] == ["0", "0x0"]
    servers.await_true("amqp-publish is connected", waits)


def lone_seconds(module, publisher, revision):
    """One message on an idle daemon, until tools.json is another file."""
    tools_file = module.state / "tools.json"
    before = os.stat(tools_file).st_ino
    tool = servers.process_tool(names()[0], max_instances=100 + revision)
    began_ns = publisher.publish([json.dumps({"tools": [tool]})])
    deadline = time.monotonic() + 30
    while os.stat(tools_file).st_ino == before:
        if time.monotonic() > deadline:
            raise RuntimeError("a lone message was not committed within 30 s")
        time.sleep(0.0002)
    return (time.time_ns() - began_ns) / 1e9


def commit_seconds(folder, text):
    """What one commit of as many bytes costs at least: tools.json and its history file, and both folders, synced."""
    history = folder / "commit-history"
    history.mkdir(exist_ok=True)
    began_ns = time.time_ns()
    write_synced(folder / "commit.new", text)
    write_synced(history / "commit.new", text)
    os.rename(history / "commit.new", history / "commit")
    sync_folder(history)
    os.rename(folder / "commit.new", folder / "commit")
    sync_folder(folder)
    return (time.time_ns() - began_ns) / 1e9


def write_synced(path, text):
    with open(path, "wb", buffering=0) as file:
        file.write(text)
        os.fsync(file.fileno())


def sync_folder(path):
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def measure_lone(module, publisher, folder, report):
    text = (module.state / "tools.json").read_bytes()
    lone, bare = [], []
    for number in range(LONE_ROUNDS):
        bare.append(commit_seconds(folder, text))
        lone.append(lone_seconds(module, publisher, 5000 + number))
        report(f"lone message {number}: {lone[-1] * 1e3:.1f} ms, one commit {bare[-1] * 1e3:.1f} ms")
        await_idle(module)
    lone, bare = statistics.median(lone), statistics.median(bare)
    return table.Row(f"a lone message into {TOOLS} tools", f"{lone * 1e3:.1f} ms",
                     f"one commit of {len(text) // 1024} KiB: {bare * 1e3:.1f} ms", lone / bare, limit=2)


def await_idle(module):
    """Until the daemon has done with the statuses and readings of the messages before: it uses no processor."""
    def rests():
        before = idle.cpu_seconds(module.process.pid)
        time.sleep(0.3)
        return idle.cpu_seconds(module.process.pid) - before <= 0.01
    servers.await_true("the daemon rests", rests)


def measure(build, folder, pairs, report):
    bursts, bares, commits = [], [], []
    with servers.Broker(folder / "rabbitmq") as broker, \
            servers.Module(build, folder, broker, {"local": {"plugin": "process"}}, {"process": ["local"]},
                           history_generations=HISTORY_GENERATIONS) as module:
        broker.declare([BARE_QUEUE, *names()])
        module.deploy([servers.process_tool(name) for name in names()])
        await_idle(module)
        with servers.LinePublisher(broker, DEPLOY_QUEUE) as publisher, BareConsumer(build, broker) as bare_consumer:
            await_connected(publisher)
            # A broker that was just given its queues is slow for some seconds, to both sides.
            for number in range(pairs + WARM_UP):
                bares.append(bare_consumer.burst_seconds(number + 1))
                seconds, count = burst_seconds(module, publisher, number + 1)
                bursts.append(seconds)
                commits.append(count)
                report(f"burst {number + 1} of {pairs + WARM_UP}: {seconds:.2f} s, {count} commits; bare {bares[-1]:.2f} s")
                await_idle(module)
            servers.await_true("all messages are acknowledged", lambda: broker.messages(DEPLOY_QUEUE) == 0)
            lone = measure_lone(module, publisher, folder, report)
    bursts, bares = bursts[WARM_UP:], bares[WARM_UP:]
    ratio = statistics.median(bare / burst for bare, burst in zip(bares, bursts))
    burst, bare = statistics.median(bursts), statistics.median(bares)
    return [
        table.Row(f"{TOOLS} deploy messages, each another tool: rate", f"{TOOLS / burst:.0f}/s",
                  f"a consumer that only acknowledges: {TOOLS / bare:.0f}/s", ratio, limit=0.5, at_least=True),
        table.Row(f"{TOOLS} deploy messages: commits", f"{max(commits)}", f"at most {COMMITS_MAX}",
                  max(commits) / COMMITS_MAX, limit=1),
        lone]
