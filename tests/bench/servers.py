"""The private servers of the benchmarks, and the daemon: each in a folder of its own, stopped at its end."""

import base64
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "tests/support"
POLL_S = 0.02


def read_env(folder):
    lines = (folder / "env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def await_true(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {seconds} s in vain until {what}")
        time.sleep(POLL_S)


class Broker:
    """A RabbitMQ node of our own, with the statistics interval that it is delivered with: of thousands of queues,
    statistics are work that would be measured as well."""

    def __init__(self, folder):
        self.folder = folder
        self.script = SUPPORT / "rabbitmq.sh"
        subprocess.run([self.script, "start", folder], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "RABBITMQ_STATISTICS_MS": "5000"})
        self.env = read_env(folder)
        self.amqp_url = f"amqp://guest:guest@127.0.0.1:{self.env['AMQP_PORT']}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([self.script, "kill", self.folder], check=False, stdout=subprocess.DEVNULL)

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.env['MANAGEMENT_PORT']}/api{path}", method=method,
            data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", "Basic " + base64.b64encode(b"guest:guest").decode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def declare(self, names):
        """Durable queues, all in one request."""
        queues = [{"name": name, "vhost": "/", "durable": True, "auto_delete": False, "arguments": {}}
                  for name in names]
        self.call("POST", "/definitions", {"queues": queues})

    def messages(self, queue):
        """Ready and unacknowledged ones, as the broker's statistics of the last five seconds know them."""
        return self.call("GET", f"/queues/%2F/{queue}").get("messages", 0)

    def publish(self, queue, body):
        subprocess.run(["amqp-publish", "-u", self.amqp_url, "-r", queue, "-p", "-C", "application/json",
                        "-b", json.dumps(body)], check=True)


class LinePublisher:
    """Publishes each line to one queue, over a connection that stays open."""

    def __init__(self, broker, queue):
        self.process = subprocess.Popen(["amqp-publish", "-u", broker.amqp_url, "-r", queue, "-p", "-l",
                                         "-C", "application/json"], stdin=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)

    def publish(self, lines):
        """Returns the time of the first one, in nanoseconds since 1970."""
        data = "".join(line + "\n" for line in lines).encode()
        began_ns = time.time_ns()
        self.process.stdin.write(data)
        self.process.stdin.flush()
        return began_ns


class EngineConnection(http.client.HTTPConnection):
    """One kept-alive connection to the Engine's Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def ask(self, method, path, body=None):
        self.request(method, path, None if body is None else json.dumps(body),
                     {"Content-Type": "application/json"} if body is not None else {})
        answer = self.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return json.loads(text) if text else None


class Engine:
    """A Docker Engine of our own, with a small image that ends at once on SIGTERM."""

    image = "bench/sleep:1"
    command = ["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 1000000 & wait"]

    def __init__(self, folder):
        self.folder = folder
        self.script = SUPPORT / "dockerd.sh"
        subprocess.run([self.script, "start", folder], check=True, stdout=subprocess.DEVNULL)
        env = read_env(folder)
        self.socket = os.path.realpath(env["DOCKER_SOCKET"])
        self.network = env["DOCKER_NETWORK_MODE"]
        (folder / "client").mkdir()
        self.client_env = os.environ | {"DOCKER_HOST": f"unix://{self.socket}",
                                        "DOCKER_CONFIG": str(folder / "client")}
        subprocess.run([SUPPORT / "image.sh", "make-busybox", self.socket, self.image], check=True,
                       stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([self.script, "stop", self.folder], check=False, stdout=subprocess.DEVNULL)

    def connection(self):
        return EngineConnection(self.socket)

    def version_path(self):
        """The newest version of the API that the engine speaks, as a path."""
        return "/v" + self.connection().ask("GET", "/version")["ApiVersion"]

    def remove_all(self):
        connection = self.connection()
        for container in connection.ask("GET", "/containers/json?all=1"):
            connection.ask("DELETE", f"/containers/{container['Id']}?force=1&v=1")
        connection.close()


class StartEvents:
    """Tells when the n-th container started, by the engine's own clock; opened before the first is ordered."""

    def __init__(self, engine):
        self.connection = engine.connection()
        self.connection.request("GET", "/events?filters=%7B%22event%22%3A%5B%22start%22%5D%7D")
        self.answer = self.connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answer.close()
        self.connection.close()

    def time_ns_of(self, number):
        for _ in range(number):
            event = json.loads(self.answer.readline())
        return event["timeNano"]


class Module:
    """The daemon under test."""

    def __init__(self, build, folder, broker, backends, placement, **more):
        self.state = folder / "state"
        self.binary = build / "bin/elasticity"
        self.settings = folder / "elasticity.json"
        self.settings.write_text(json.dumps({
            "name": "bench",
            "state_dir": str(self.state),
            "targets": {"bench": {
                "amqp": f"amqp://127.0.0.1:{broker.env['AMQP_PORT']}",
                "management": f"http://127.0.0.1:{broker.env['MANAGEMENT_PORT']}"}},
            "deploy": {"target": "bench"},
            "allow": {"images": ["docker.io/bench/*"]},
            "backends": backends, "placement": placement} | more))
        self.log_file = folder / "daemon.log"
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen([self.binary, "run", "--config", self.settings], stderr=log)
        try:
            await_true("the daemon consumes its deploy queue", self.is_listening)
        except RuntimeError:
            self.__exit__()
            raise RuntimeError("the daemon does not listen:\n" + self.log_file.read_text()) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)

    def is_listening(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended with {self.process.returncode}")
        return "consumes 'elasticity-deploy'" in self.log_file.read_text()

    def run(self, *words):
        done = subprocess.run([self.binary, *words, "--config", self.settings, "--json"], capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"elasticity {' '.join(map(str, words))}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def deploy(self, tools, at_once=200):
        """Deploys and waits until all have settled; a message holds at most `at_once` tools."""
        for first in range(0, len(tools), at_once):
            message = self.settings.with_name("deploy.json")
            message.write_text(json.dumps({"tools": tools[first:first + at_once]}))
            self.run("deploy", message, "--wait", "--timeout", "120")

    def generation(self):
        newest = max((self.state / "history").glob("*.json"))
        return int(re.sub(r"\D", "", newest.name))


def process_tool(name, **more):
    """A tool that stays at zero: its queue exists and is empty."""
    return {"kind": "process", "tool": name, "extractor": name, "min_instances": 0,
            "command": ["/bin/sleep", "1000000"], "missing_queue": "wait"} | more
