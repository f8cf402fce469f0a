"""RabbitMQ as a test sees it: the amqp-tools publish, the management API counts and fetches."""

import base64
import json
import os
import pathlib
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid

SUPPORT = pathlib.Path(__file__).resolve().parent
SKIPPED = 77


def read_env(folder):
    lines = (pathlib.Path(folder) / "env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def shared_env(server):
    """Of a server that all tests share; where it could not be started, its own test has said why."""
    folder = pathlib.Path(os.environ["ELASTICITY_TESTBED"]) / server
    if not (folder / "env").exists() and os.environ.get("ELASTICITY_REQUIRE_ALL") != "1":
        raise unittest.SkipTest(f"there is no {server}")
    return read_env(folder)


def run_script(name, *arguments):
    """A script of this folder; 77 says that something is missing here."""
    done = subprocess.run([SUPPORT / name, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == SKIPPED:
        raise unittest.SkipTest(done.stdout.strip())
    done.check_returncode()


class Broker:
    """A virtual host of its own on a running node."""

    def __init__(self, env):
        self.env = env
        self.virtual_host = "test-" + uuid.uuid4().hex[:12]
        self.call("PUT", f"/vhosts/{self.virtual_host}")
        self.call("PUT", f"/permissions/{self.virtual_host}/guest", {"configure": ".*", "write": ".*", "read": ".*"})

    @classmethod
    def shared(cls):
        """On the node that all tests share; none of them stops it."""
        return cls(shared_env("rabbitmq"))

    def close(self):
        self.call("DELETE", f"/vhosts/{self.virtual_host}")

    @property
    def uri(self):
        return f"amqp://guest:guest@127.0.0.1:{self.env['AMQP_PORT']}/{self.virtual_host}"

    @property
    def management_url(self):
        return f"http://127.0.0.1:{self.env['MANAGEMENT_PORT']}"

    def target(self):
        """What the settings say about this virtual host."""
        return {"amqp": f"amqp://127.0.0.1:{self.env['AMQP_PORT']}", "management": self.management_url,
                "virtual_host": self.virtual_host, "worker_uri": {"default": {"env": "TEST_WORKER_URI"}}}

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"{self.management_url}/api{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", "Basic " + base64.b64encode(b"guest:guest").decode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def queue_path(self, queue):
        return f"/queues/{self.virtual_host}/{urllib.parse.quote(queue, safe='')}"

    def declare(self, queue, arguments=None):
        self.call("PUT", self.queue_path(queue), {"durable": True, "arguments": arguments or {}})

    def queue(self, name):
        """The node's statistics of a queue, about a second old; None when there is no such queue."""
        try:
            return self.call("GET", self.queue_path(name))
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def messages(self, name):
        """Messages that wait or are held unacknowledged; None until the node knows."""
        queue = self.queue(name)
        return queue.get("messages") if queue else None

    def published(self, name):
        """Messages that were ever put into the queue, as far as the node's statistics know."""
        queue = self.queue(name)
        return queue.get("message_stats", {}).get("publish", 0) if queue else 0

    def take(self, queue):
        """Takes all messages that wait, as they are: text, or bytes in base64. No queue is none."""
        taken = []
        while self.queue(queue):
            batch = self.call("POST", self.queue_path(queue) + "/get", {
                "count": 2000, "ackmode": "ack_requeue_false", "encoding": "auto"})
            taken += batch
            if not batch:
                break
        return taken

    def publish(self, queue, body, reply_to=None):
        """One persistent message, by the tool that any administrator has."""
        command = ["amqp-publish", "-u", self.uri, "-r", queue, "-p", "-C", "application/json"]
        command += ["-t", reply_to] if reply_to else []
        body = body if isinstance(body, (bytes, str)) else json.dumps(body)
        subprocess.run(command, input=body.encode() if isinstance(body, str) else body, check=True)

    def publish_lines(self, queue, lines):
        """Many persistent messages over one connection; none may hold a line end."""
        command = ["amqp-publish", "-u", self.uri, "-r", queue, "-p", "-l", "-C", "application/json"]
        subprocess.run(command, input=b"".join(line + b"\n" for line in lines), check=True)


class OwnNode:
    """A node of this test alone, which may stop it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.run("start")

    def run(self, action):
        run_script("rabbitmq.sh", action, self.folder)

    def env(self):
        return read_env(self.folder)
