#!/usr/bin/env python3
"""Plugins that crash, and children that are killed: see tests/support/daemon_test.py."""

import os
import pathlib
import shutil
import signal

import daemon_test
import processes
from daemon_test import DaemonTest, deploy, process_tool
from waiting import await_that, holds_for

CRASHES = 20


def faulty_tool(name):
    return {"kind": "faulty", "extractor": name, "min_instances": 1, "max_instances": 1, "missing_queue": "create"}


def plugin_hosts(daemon_pid):
    """{backend: pid} of the daemon's plugin processes."""
    found = {}
    for task in pathlib.Path(f"/proc/{daemon_pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            words = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
            if words[1:2] == ["plugin-host"] and processes.is_alive(child):
                found[words[4]] = int(child)
    return found


class Isolation(DaemonTest):
    def plugin_folder(self):
        folder = self.folder / "plugins"
        folder.mkdir()
        for plugin in (daemon_test.BUILD / "lib/elasticity/plugins/1/process.so",
                       *(daemon_test.BUILD / "tests/unit/isolation/fixtures").glob("*.so")):
            shutil.copy2(plugin, folder)
        return str(folder)

    def start(self, **backends):
        backends = {"process": {"plugin": "process"}} | backends
        for backend in backends.values():
            backend["isolation"] = "process"
        self.start_module(backends, plugin_dir=self.plugin_folder())
        self.send(deploy(process_tool("steady", 2)))
        return self.await_processes(2)

    def adopted(self):
        instances = self.module.status()["tools"][0]["instances"]
        return [each["state"] for each in instances] == ["running"] * 2

    def host_of(self, backend):
        return await_that(f"a process for {backend}", lambda: plugin_hosts(self.module.process.pid).get(backend))

    def test_a_plugin_that_crashes_20_times_costs_neither_the_daemon_nor_another_backends_workers(self):
        workers = self.start(faulty={"plugin": "faulty", "mode": "segfault in create", "concurrency": 1})
        daemon, host = self.module.process.pid, self.host_of("process")
        self.send(deploy(*(faulty_tool(f"crash-{number}") for number in range(CRASHES))))
        creations = self.module.state_dir / "backends/faulty/creations"
        await_that(f"{CRASHES} crashes", lambda: creations.exists() and creations.stat().st_size >= CRASHES, 240)
        self.assertIsNone(self.module.process.poll())
        self.assertEqual(daemon, self.module.process.pid)
        self.assertEqual((workers, host), (self.processes(), self.host_of("process")))
        self.assertIn("was killed by signal 11", self.module.log())
        self.send(deploy(process_tool("steady", 3)))
        self.await_processes(3)

    def test_a_plugin_that_crashes_while_it_is_loaded_breaks_its_backend_alone(self):
        self.start(broken={"plugin": "crashing_constructor"})
        self.await_log("was killed by signal 11")
        checked = self.module.cli("config", "check")
        self.assertEqual(2, checked.returncode)
        self.assertIn("/backends/broken/plugin", checked.stderr)

    def test_a_killed_child_is_replaced_and_its_workers_are_adopted(self):
        workers = self.start()
        os.kill(self.host_of("process"), signal.SIGKILL)
        self.await_log("serves again, as process ")
        holds_for(2, "the workers stay", lambda: self.processes() == workers)
        self.send(deploy(process_tool("steady", 3)))
        after = self.await_processes(3)
        self.assertEqual(workers, {pid: key for pid, key in after.items() if pid in workers})

    def test_children_end_with_a_daemon_that_is_killed_and_workers_do_not(self):
        workers = self.start()
        host = self.host_of("process")
        self.module.kill()
        await_that("the child ends", lambda: not processes.is_alive(host))
        self.assertEqual(workers, self.processes())
        self.module.start()
        await_that("the workers are adopted", self.adopted)
        self.assertEqual(workers, self.processes())


if __name__ == "__main__":
    daemon_test.main()
