#!/usr/bin/env python3
"""Scales example workers from zero and back, with a private RabbitMQ: `make demo`.

    demo.py BUILD        BUILD holds bin/elasticity, e.g. build/release

Everything lives in a temporary folder and ends with the demo. The counts at the end come from the workers' own
results, not from Elasticity. Exit code 0: every job was done, none was lost.
"""

import base64
import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOBS = 500
WORK_MS = 250
QUEUE = "demo.jobs"
RESULTS = "demo.results"
LIMIT_S = 85
# An operator waits longer before letting workers go; nobody wants to watch that.
SHORTENED = {"backlog_per_instance": 40, "look_back_s": 3, "down_cooldown_s": 1, "idle_s": 4}
MAX_INSTANCES = 12


class Broker:
    """A RabbitMQ node of our own, spoken to through its management API."""

    def __init__(self, folder):
        self.folder = folder
        self.script = ROOT / "tests/support/rabbitmq.sh"
        subprocess.run([self.script, "start", folder], check=True, stdout=subprocess.DEVNULL)
        lines = (folder / "env").read_text().splitlines()
        self.env = dict(line.split("=", 1) for line in lines)

    def stop(self):
        subprocess.run([self.script, "kill", self.folder], check=False, stdout=subprocess.DEVNULL)

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.env['MANAGEMENT_PORT']}/api{path}", method=method,
            data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", "Basic " + base64.b64encode(b"guest:guest").decode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def publish(self, bodies):
        """With Debian's amqp-publish: a client that is not ours, and a message a line."""
        lines = "".join(json.dumps(body) + "\n" for body in bodies)
        subprocess.run(["amqp-publish", "--url", f"amqp://127.0.0.1:{self.env['AMQP_PORT']}", "-r", QUEUE, "-p", "-l"],
                       input=lines, text=True, check=True)

    def take_results(self):
        messages = self.call("POST", f"/queues/%2F/{RESULTS}/get", {
            "count": 10 * JOBS, "ackmode": "ack_requeue_false", "encoding": "auto"})
        return [json.loads(message["payload"]) for message in messages]


class Module:
    """The daemon, started and asked like an operator would."""

    def __init__(self, build, folder, broker):
        self.binary = build / "bin/elasticity"
        self.settings = folder / "elasticity.json"
        self.settings.write_text(json.dumps({
            "name": "demo",
            "state_dir": str(folder / "state"),
            "targets": {"demo": {
                "amqp": f"amqp://127.0.0.1:{broker.env['AMQP_PORT']}",
                "management": f"http://127.0.0.1:{broker.env['MANAGEMENT_PORT']}",
                "worker_uri": {"default": {"env": "DEMO_WORKER_URI"}}}},
            "deploy": {"target": "demo"},
            "allow": {"images": []},
            "backends": {"local": {"plugin": "process"}},
            "placement": {"process": ["local"]},
            "scaling": {"interval_s": 0.5},
            "list_interval_s": 2, "management_interval_s": 1}, indent=2))
        uri = f"amqp://guest:guest@127.0.0.1:{broker.env['AMQP_PORT']}/%2F"
        self.log = open(folder / "daemon.log", "wb")
        self.process = subprocess.Popen(
            [self.binary, "run", "--config", self.settings], stderr=self.log, env=os.environ | {"DEMO_WORKER_URI": uri})

    def run(self, *words, check=True):
        command = [self.binary, *words, "--config", self.settings, "--json"]
        return subprocess.run(command, check=check, capture_output=True, text=True)

    def status(self):
        answer = self.run("status", check=False)
        return json.loads(answer.stdout) if answer.returncode == 0 else None

    def await_consumer(self, broker, deadline):
        """Until the module consumes the deploy queue, nobody would answer a deploy message."""
        while time.monotonic() < deadline and self.process.poll() is None:
            queues = {queue["name"]: queue for queue in broker.call("GET", "/queues/%2F")}
            if queues.get("elasticity-deploy", {}).get("consumers", 0) == 1:
                return
            time.sleep(0.2)
        raise RuntimeError("the daemon does not listen; see its log")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=15)
        self.log.close()


class View:
    """One line that is drawn again on a terminal, and a line a second elsewhere."""

    def __init__(self):
        self.live = sys.stdout.isatty()
        self.began = time.monotonic()
        self.last = ""
        self.last_time = 0.0

    def show(self, waiting, working, running, target):
        elapsed = time.monotonic() - self.began
        bar = "#" * running + "." * max(0, target - running)
        text = f"{waiting:5d} waiting {working:4d} in work   workers {running:2d} of {target:2d} wanted  {bar}"
        if self.live:
            print(f"\r\033[K{elapsed:5.1f} s {text}", end="", flush=True)
        elif text != self.last and elapsed - self.last_time >= 1:
            print(f"{elapsed:5.1f} s {text}", flush=True)
            self.last, self.last_time = text, elapsed

    def end(self):
        if self.live:
            print()


def deploy_message(build):
    return {"tools": [{
        "kind": "process", "tool": "demo", "extractor": QUEUE, "min_instances": 0, "max_instances": MAX_INSTANCES,
        "name_prefix": "demo", "command": [str(build / "bin/elasticity-example-worker")],
        "environment": {"RESULTS_QUEUE": RESULTS}, "missing_queue": "create", "scaling": SHORTENED}]}


def watch(module, view, deadline):
    """Follows the tool until its queue is empty and its last worker has gone."""
    most = 0
    while time.monotonic() < deadline:
        status = module.status()
        if status is None:
            raise RuntimeError("the daemon does not answer; see its log")
        tool = status["tools"][0]
        reading = tool["reading"]
        running = sum(instance["state"] == "running" for instance in tool["instances"])
        most = max(most, running)
        waiting, working = reading.get("ready", 0), reading.get("unacknowledged") or 0
        view.show(waiting, working, running, tool["target_instances"])
        if most and not tool["instances"] and not tool["ordered"] and reading.get("ready") == 0:
            return
        time.sleep(0.25)
    raise RuntimeError(f"not done within {LIMIT_S} s; see its log")


def workers_at_once(results):
    """The most workers that were between their first and their last result at one time."""
    lives = collections.defaultdict(list)
    for result in results:
        lives[result["worker"]].append(result["time"])
    changes = sorted([(min(times), 1) for times in lives.values()] + [(max(times), -1) for times in lives.values()],
                     key=lambda change: (change[0], -change[1]))
    most = now = 0
    for _, step in changes:
        now += step
        most = max(most, now)
    return most


def count(results, seconds):
    done = collections.Counter(result["id"] for result in results)
    lost = JOBS - len(done)
    twice = sum(times - 1 for times in done.values())
    print(f"{len(done)} jobs done, {lost} lost, {twice} done twice, "
          f"{workers_at_once(results)} workers at once at most, {seconds:.0f} s")
    return lost == 0 and len(done) == JOBS


def end_workers(module):
    """Workers outlive the daemon by design, so a demo that is broken off must take its own along."""
    status = module.status()
    if status and any(tool["instances"] for tool in status["tools"]):
        module.run("remove", "demo", "--force", "--wait", "--timeout", "20", check=False)


def demo(build, folder):
    began = time.monotonic()
    deadline = began + LIMIT_S
    print("Starting a private RabbitMQ and the Elasticity daemon ...", flush=True)
    broker = Broker(folder / "rabbitmq")
    module = Module(build, folder, broker)
    try:
        module.await_consumer(broker, deadline)
        broker.call("PUT", f"/queues/%2F/{RESULTS}", {"durable": True})
        message = folder / "deploy.json"
        message.write_text(json.dumps(deploy_message(build)))
        module.run("deploy", message, "--wait")
        print("Deployed a tool with minimum 0. Shortened for the demo: " +
              ", ".join(f"{name} = {value}" for name, value in SHORTENED.items()))
        print(f"Publishing {JOBS} jobs of {WORK_MS} ms each.", flush=True)
        broker.publish({"id": number, "work_ms": WORK_MS} for number in range(JOBS))
        view = View()
        try:
            watch(module, view, deadline)
        finally:
            view.end()
        return count(broker.take_results(), time.monotonic() - began)
    finally:
        end_workers(module)
        module.stop()
        broker.stop()


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: demo.py BUILD")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="elasticity-demo-"))
    good = False
    try:
        good = demo(build, folder)
    except KeyboardInterrupt:
        sys.exit("broken off")
    except (RuntimeError, OSError, subprocess.SubprocessError) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        if (folder / "daemon.log").exists():
            print((folder / "daemon.log").read_text(), file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
