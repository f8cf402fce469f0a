"""The daemon, started, asked and ended like an operator would."""

import json
import os
import pathlib
import signal
import socket
import subprocess

from waiting import await_that

DEPLOY = "elasticity-deploy"
DEAD = "elasticity-deploy.dead"
STATUS = "elasticity-deploy-status"
# A test waits for what an operator would rather not hurry.
QUICK = {"interval_s": 0.2, "look_back_s": 0, "down_cooldown_s": 0, "idle_s": 0}


class Module:
    def __init__(self, build, folder, broker, backends, name="em-test"):
        self.binary = pathlib.Path(build) / "bin/elasticity"
        self.folder = pathlib.Path(folder)
        self.state_dir = self.folder / "state"
        self.tools_file = self.state_dir / "tools.json"
        self.settings_file = self.folder / f"{name}.json"
        self.log_file = self.folder / f"{name}.log"
        self.environment = os.environ | {"TEST_WORKER_URI": broker.uri}
        self.process = None
        self.settings = {
            "name": name, "state_dir": str(self.state_dir), "targets": {"test": broker.target()},
            "deploy": {"target": "test"}, "allow": {"images": ["docker.io/elasticity-daemon-test/*"]},
            "backends": backends, "placement": {name: [name] for name in backends},
            "scaling": dict(QUICK), "list_interval_s": 1, "management_interval_s": 1}

    def write_settings(self):
        """Beside and renamed, as a careful administrator would: the daemon watches the file."""
        fresh = self.settings_file.with_suffix(".fresh")
        fresh.write_text(json.dumps(self.settings, indent=2))
        fresh.rename(self.settings_file)

    def launch(self, *words, wrapper=()):
        self.write_settings()
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([*wrapper, self.binary, "run", "--config", self.settings_file, *words],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)

    def start(self, *words, wrapper=()):
        """Until it consumes the deploy queue, or says why not."""
        self.launch(*words, wrapper=wrapper)
        await_that("the daemon answers", self.answers)
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the daemon ended with {self.process.returncode}:\n{self.log()[-4000:]}")
        status = self.status()
        return status and (status["held"] or self.listens(status))

    @staticmethod
    def listens(status):
        return "consumes" in (status["brokers"][0]["listener"] or "")

    def await_listening(self, wanted=True):
        """An answer that does not come tells neither."""
        def look():
            status = self.status()
            return status and self.listens(status) == wanted
        await_that("the daemon listens" if wanted else "the daemon notices that its broker went", look)

    def stop(self, seconds=60):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def install_id(self):
        file = self.state_dir / "install_id"
        return file.read_text().strip() if file.exists() else None

    def status(self):
        """What `elasticity status --json` prints; None while nobody answers."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                client.connect(str(self.state_dir / "control.sock"))
                client.sendall(b'{"command": "status"}\n')
                with client.makefile() as answer:
                    line = answer.readline()
            return json.loads(line) if line else None
        except OSError:
            return None

    def tool(self, name):
        status = self.status()
        found = [tool for tool in (status or {"tools": []})["tools"] if tool["tool"] == name]
        return found[0] if found else None

    def cli(self, *words):
        return subprocess.run([self.binary, *words, "--config", self.settings_file], capture_output=True, text=True,
                              env=self.environment, check=False, stdin=subprocess.DEVNULL)

    def desired(self):
        """The tools that tools.json names."""
        return {tool["tool"]: tool for tool in json.loads(self.tools_file.read_text())["tools"]}


class Statuses:
    """Everything that was ever published to a queue of statuses, in its order."""

    def __init__(self, broker, queue=STATUS):
        self.broker = broker
        self.queue = queue
        self.seen = []

    def poll(self):
        fresh = [json.loads(message["payload"]) for message in self.broker.take(self.queue)]
        self.seen += fresh
        return fresh

    def find(self, **wanted):
        """Those whose fields are as given; a tuple lists alternatives."""
        def fits(status):
            return all(status.get(name) in value if isinstance(value, tuple) else status.get(name) == value
                       for name, value in wanted.items())
        return [status for status in self.seen if fits(status)]

    def await_one(self, seconds=60, **wanted):
        def look():
            self.poll()
            return self.find(**wanted)
        try:
            return await_that(f"a status with {wanted}", look, seconds)[-1]
        except AssertionError as missing:
            told = [{name: status.get(name) for name in ("tool", "state", "reason")} for status in self.seen[-10:]]
            raise AssertionError(f"{missing}; the last ones: {told}") from None
