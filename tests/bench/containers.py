"""Containers: as fast as raw clients of the Engine API, faster than docker run and docker-compose."""

import json
import queue
import statistics
import subprocess
import threading
import time

import servers
import table

COUNT = 24
RAW_CLIENTS = 8
READING_INTERVAL_S = 1.0


def docker_tool(engine, name, **more):
    return {"kind": "docker", "tool": name, "extractor": name, "image": engine.image, "command": engine.command,
            "network": engine.network, "missing_queue": "wait"} | more


def container_body(engine, number):
    """What the docker plugin sends for a worker (plugins/docker/container_config.cpp)."""
    labels = {"owner": "0" * 32, "key": f"raw-{number}", "tool": "raw", "spec_hash": "0" * 16, "backend": "local"}
    return {
        "Image": "docker.io/" + engine.image,
        "Env": ["RABBITMQ_VHOST=/", "RABBITMQ_EXCHANGE=", "RABBITMQ_QUEUE=raw"],
        "Labels": {f"org.elasticity.{name}": text for name, text in labels.items()},
        "StopTimeout": 10,
        "HostConfig": {
            "RestartPolicy": {"Name": "no"},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10485760", "max-file": "3"}},
            "NetworkMode": engine.network},
        "Cmd": engine.command}


class RawClients:
    """Parallel clients that make the same calls as the plugin and nothing else."""

    name = f"{RAW_CLIENTS} raw Engine API clients"

    def __init__(self, engine):
        self.engine = engine
        self.path = engine.version_path()

    def start(self):
        numbers = queue.SimpleQueue()
        for number in range(COUNT):
            numbers.put(number)
        self.threads = [threading.Thread(target=self.create, args=(numbers,)) for _ in range(RAW_CLIENTS)]
        for thread in self.threads:
            thread.start()

    def create(self, numbers):
        connection = self.engine.connection()
        while True:
            try:
                number = numbers.get_nowait()
            except queue.Empty:
                return connection.close()
            made = connection.ask("POST", f"{self.path}/containers/create?name=raw-{number:012d}",
                                  container_body(self.engine, number))
            connection.ask("POST", f"{self.path}/containers/{made['Id']}/start")

    def clean(self):
        for thread in self.threads:
            thread.join()
        self.engine.remove_all()


class Elasticity:
    name = "Elasticity"

    def __init__(self, engine, broker, module):
        self.engine, self.broker, self.module = engine, broker, module
        self.round = 0

    def start(self):
        self.round += 1
        tool = docker_tool(self.engine, f"bench-{self.round}", min_instances=COUNT, max_instances=COUNT)
        self.broker.publish("elasticity-deploy", {"tools": [tool]})

    def clean(self):
        self.module.run("remove", f"bench-{self.round}", "--force", "--wait", "--timeout", "120")
        self.engine.remove_all()


class DockerRun:
    name = "docker run in a loop"

    def __init__(self, engine):
        self.engine = engine

    def start(self):
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", 'n=$1; shift; while [ $n -gt 0 ]; do docker run -d "$@" || exit 1; n=$((n - 1)); done',
             "sh", str(COUNT), "--network", self.engine.network, self.engine.image, *self.engine.command],
            env=self.engine.client_env, stdout=subprocess.DEVNULL)

    def clean(self):
        if self.process.wait(timeout=120) != 0:
            raise RuntimeError("docker run failed")
        self.engine.remove_all()


class DockerCompose:
    name = "docker-compose up --scale"

    def __init__(self, engine):
        self.engine = engine
        self.file = engine.folder / "docker-compose.json"
        service = {"image": engine.image, "command": engine.command, "network_mode": engine.network}
        self.file.write_text(json.dumps({"version": "2.4", "services": {"worker": service}}))

    def start(self):
        self.process = subprocess.Popen(
            ["docker-compose", "-p", "bench", "-f", self.file, "up", "-d", "--scale", f"worker={COUNT}"],
            env=self.engine.client_env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def clean(self):
        if self.process.wait(timeout=240) != 0:
            raise RuntimeError("docker-compose failed")
        self.engine.remove_all()


def seconds_until_started(engine, contestant, count):
    """From the order until the engine has started the last container."""
    with servers.StartEvents(engine) as events:
        began_ns = time.time_ns()
        contestant.start()
        ended_ns = events.time_ns_of(count)
    contestant.clean()
    return (ended_ns - began_ns) / 1e9


def run_rounds(engine, contestants, pairs, report):
    """Each round runs all, in an order that rotates; the first one warms up and does not count."""
    seconds = {each.name: [] for each in contestants}
    for number in range(pairs + 1):
        turn = number % len(contestants)
        for each in contestants[turn:] + contestants[:turn]:
            took = seconds_until_started(engine, each, COUNT)
            report(f"{COUNT} containers, round {number} of {pairs}: {each.name}: {took:.2f} s")
            if number > 0:
                seconds[each.name].append(took)
    return seconds


def docker_backend(engine):
    return {"local": {"plugin": "docker", "endpoint": f"unix://{engine.socket}"}}


def measure_many(build, folder, pairs, report):
    rows = []
    with servers.Broker(folder / "rabbitmq") as broker, servers.Engine(folder / "docker") as engine, \
            servers.Module(build, folder, broker, docker_backend(engine), {"docker": ["local"]}) as module:
        ours = Elasticity(engine, broker, module)
        others = [RawClients(engine), DockerRun(engine), DockerCompose(engine)]
        seconds = run_rounds(engine, [ours, *others], pairs, report)
    mine = seconds[ours.name]
    for other in others:
        theirs = seconds[other.name]
        ratio = statistics.median(a / b for a, b in zip(mine, theirs))
        is_raw = other is others[0]
        rows.append(table.Row(
            f"{COUNT} containers from one deploy message", f"{statistics.median(mine):.2f} s",
            f"{other.name}: {statistics.median(theirs):.2f} s", ratio,
            limit=1.15 if is_raw else 1.0, aim=1.05 if is_raw else None))
    return rows


class FirstMessage:
    """A message in the queue of a tool that has no worker."""

    def __init__(self, broker, tool):
        self.broker, self.tool = broker, tool

    def start(self):
        self.broker.publish(self.tool, {"job": 1})

    def clean(self):
        pass  # the worker stays: another round has another tool


class OneDockerRun(DockerRun):
    def start(self):
        self.process = subprocess.Popen(
            ["docker", "run", "-d", "--network", self.engine.network, self.engine.image, *self.engine.command],
            env=self.engine.client_env, stdout=subprocess.DEVNULL)

    def clean(self):
        if self.process.wait(timeout=120) != 0:
            raise RuntimeError("docker run failed")


def await_phase(fraction):
    """Sleeps until this part of a reading interval has gone by, so that the rounds meet all phases alike."""
    time.sleep((fraction - time.time() / READING_INTERVAL_S) % 1 * READING_INTERVAL_S)


def measure_from_zero(build, folder, pairs, report):
    tools = [f"zero-{number}" for number in range(pairs + 1)]
    with servers.Broker(folder / "rabbitmq") as broker, servers.Engine(folder / "docker") as engine, \
            servers.Module(build, folder, broker, docker_backend(engine), {"docker": ["local"]}) as module:
        broker.declare(tools)
        module.deploy([docker_tool(engine, tool, min_instances=0) for tool in tools])
        mine, theirs = [], []
        for number, tool in enumerate(tools):
            await_phase(number / pairs)
            mine.append(seconds_until_started(engine, FirstMessage(broker, tool), 1))
            theirs.append(seconds_until_started(engine, OneDockerRun(engine), 1))
            report(f"from zero, round {number} of {pairs}: {mine[-1]:.2f} s, docker run {theirs[-1]:.2f} s")
    mine, theirs = statistics.median(mine[1:]), statistics.median(theirs[1:])
    waiting = READING_INTERVAL_S / 2
    return [table.Row("from zero: first message to container started", f"{mine:.2f} s",
                      f"docker run {theirs:.2f} s + half a reading interval, {waiting:.2f} s",
                      (mine - waiting) / theirs, limit=1.3)]
