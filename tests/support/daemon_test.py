"""What the tests of the whole daemon have in common: a broker, an engine, a daemon, and a tidy end.

    SOME_test.py BUILD [unittest's arguments]       BUILD holds bin/elasticity

Started by ctest, which names the shared servers; see IntegrationTest.cmake.
"""

import pathlib
import shutil
import sys
import tempfile
import unittest

import processes
from broker import SKIPPED, Broker
from engine import BUSYBOX, SLEEPER, Engine
from module import DEPLOY, Module, Statuses
from waiting import await_that

BUILD = None


def tell(text):
    """For what is worth reading of a test that passes, too."""
    print(text, file=sys.__stderr__, flush=True)


def docker_tool(name, count, **fields):
    """A tool whose workers run for ever and consume nothing."""
    return {"kind": "docker", "extractor": name, "image": BUSYBOX, "command": SLEEPER, "network": "none",
            "pull": "never", "min_instances": count, "max_instances": max(count, 1), "missing_queue": "create"} | fields


def process_tool(name, count, **fields):
    return {"kind": "process", "extractor": name, "command": ["/bin/sleep", "1000000"], "min_instances": count,
            "max_instances": max(count, 1), "missing_queue": "create"} | fields


def deploy(*tools, **fields):
    return {"tools": list(tools)} | fields


class DaemonTest(unittest.TestCase):
    """One daemon in a folder of its own, on a virtual host of its own."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="elasticity-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.broker = self.make_broker()
        self.engine = None
        self.module = None
        self.owner = None

    def make_broker(self):
        broker = Broker.shared()
        self.addCleanup(broker.close)
        return broker

    def use_engine(self, engine=None):
        self.engine = engine or Engine.shared()
        self.engine.make_busybox()
        return {"docker": {"plugin": "docker", "endpoint": f"unix://{self.engine.socket}"}}

    def start_module(self, backends, wrapper=(), **changes):
        module = Module(BUILD, self.folder, self.broker, backends)
        module.settings |= changes
        # Before its start: also a daemon that does not come up may have made something.
        self.addCleanup(self.end_module, module)
        self.module = module.start(wrapper=wrapper)
        self.owner = module.install_id()
        self.statuses = Statuses(self.broker)
        return module

    def show_log(self, module):
        """Standard output is shown when the test fails."""
        print(f"The daemon's log:\n{module.log()[-20_000:]}")

    def end_module(self, module):
        """Workers outlive their daemon by design, so the test takes its own along."""
        self.show_log(module)
        if module.is_running():
            module.kill()
        owner = module.install_id()
        if not owner:
            return
        processes.end_workers(owner)
        await_that("the shims end with their workers", lambda: not processes.shims_of(module.state_dir))
        if self.engine:
            for container in self.engine.containers(owner):
                self.engine.remove(container)

    def send(self, message, **options):
        self.broker.publish(DEPLOY, message, **options)

    def processes(self):
        return processes.workers_of(self.owner)

    def containers(self):
        return self.engine.containers(self.owner)

    def running_containers(self):
        return [container for container in self.containers() if container["State"] == "running"]

    def await_processes(self, count, seconds=60):
        def look():
            found = self.processes()
            return [found] if len(found) == count else None
        return await_that(f"{count} worker processes", look, seconds)[0]

    def await_containers(self, count, seconds=60):
        def look():
            found = self.containers()
            running = [each for each in found if each["State"] == "running"]
            return [running] if len(running) == count == len(found) else None
        return await_that(f"{count} containers, all running", look, seconds)[0]

    def remove_all(self, *names):
        tools = [{"tool": name, "force": True, "delete_queue": "always"} for name in names]
        self.send({"action": "remove", "tools": tools})
        for name in names:
            self.statuses.await_one(tool=name, state="removed")

    def await_log(self, text, seconds=60):
        return await_that(f"{text!r} in the daemon's log", lambda: text in self.module.log(), seconds)


def main():
    global BUILD
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD [unittest's arguments]")
    BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    program = unittest.main(module="__main__", exit=False, verbosity=2, buffer=True)
    if program.result.testsRun and len(program.result.skipped) == program.result.testsRun:
        sys.exit(SKIPPED)
    sys.exit(not program.result.wasSuccessful())
