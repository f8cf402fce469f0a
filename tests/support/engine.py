"""A Docker Engine as a test sees it, through its socket."""

import http.client
import json
import pathlib
import socket
import urllib.parse

from broker import read_env, run_script, shared_env

OWNER = "org.elasticity.owner"
KEY = "org.elasticity.key"
BUSYBOX = "elasticity-daemon-test/busybox:1"
# The first process of a container ignores signals that it does not handle: a bare sleep would take its whole grace.
SLEEPER = ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Engine:
    def __init__(self, env):
        self.env = env
        self.socket = env["DOCKER_SOCKET"]

    @classmethod
    def shared(cls):
        return cls(shared_env("dockerd"))

    def call(self, method, path):
        """The engine's answer; None for what is not there."""
        connection = UnixConnection(self.socket)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status == http.HTTPStatus.NOT_FOUND:
            return None
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text) if text else None

    def containers(self, owner):
        """All containers of an installation, in any state."""
        filters = urllib.parse.quote(json.dumps({"label": [f"{OWNER}={owner}"]}))
        return self.call("GET", f"/containers/json?all=1&filters={filters}")

    def inspect(self, container):
        return self.call("GET", f"/containers/{container['Id']}/json")

    def events(self, since, until, **filters):
        """What happened between two times in seconds."""
        query = urllib.parse.urlencode({"since": since, "until": until, "filters": json.dumps(filters)})
        connection = UnixConnection(self.socket)
        try:
            connection.request("GET", f"/events?{query}")
            return [json.loads(line) for line in connection.getresponse().read().splitlines()]
        finally:
            connection.close()

    def remove(self, container):
        self.call("DELETE", f"/containers/{container['Id']}?force=1&v=1")

    def make_busybox(self):
        if not self.call("GET", f"/images/{BUSYBOX}/json"):
            run_script("image.sh", "make-busybox", self.socket, BUSYBOX)

    def make_worker(self, image, program):
        run_script("image.sh", "make-worker", self.socket, image, program)


class OwnEngine(Engine):
    """An engine of this test alone, which may stop it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.run("start")
        super().__init__(read_env(self.folder))

    def run(self, action):
        run_script("dockerd.sh", action, self.folder)
