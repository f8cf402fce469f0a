#!/usr/bin/env python3
"""Plugins that crash, and children that are killed: see tests/support/daemon_test.py."""

import os
import pathlib
import shutil
import signal
import time

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
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or not processes.is_alive(entry):
            continue
        try:
            words = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # It has ended.
            continue
        if words[1:4] == ["plugin-host", "--parent", str(daemon_pid)]:
            found[words[4]] = int(entry)
    return found


class Isolation(DaemonTest):
    def plugin_folder(self):
        folder = self.folder / "plugins"
        folder.mkdir()
        for plugin in (daemon_test.BUILD / "lib/elasticity/plugins/1/process.so",
                       *(daemon_test.BUILD / "tests/unit/isolation/fixtures").glob("*.so")):
            shutil.copy2(plugin, folder)
        return str(folder)

    def start(self, wrapper=(), **backends):
        backends = {"process": {"plugin": "process"}} | backends
        self.start_module(backends, wrapper=wrapper, plugin_dir=self.plugin_folder())
        self.send(deploy(process_tool("steady", 2)))
        return self.await_processes(2)

    def creations(self, backend):
        file = self.module.state_dir / f"backends/{backend}/creations"
        return file.stat().st_size if file.exists() else 0

    def adopted(self):
        tools = (self.module.status() or {"tools": []})["tools"]
        return [each["state"] for tool in tools for each in tool["instances"]] == ["running"] * 2

    def host_of(self, backend):
        return await_that(f"a process for {backend}", lambda: plugin_hosts(self.module.process.pid).get(backend))

    def test_a_plugin_that_crashes_20_times_costs_neither_the_daemon_nor_another_backends_workers(self):
        workers = self.start(faulty={"plugin": "faulty", "mode": "segfault in create", "concurrency": 1})
        daemon, host = self.module.process.pid, self.host_of("process")
        self.send(deploy(*(faulty_tool(f"crash-{number}") for number in range(CRASHES))))
        await_that(f"{CRASHES} crashes", lambda: self.creations("faulty") >= CRASHES, 240)
        self.assertIn("was killed by signal 11", self.module.log())
        self.assert_untouched(daemon, host, workers)

    def assert_untouched(self, daemon, host, workers):
        """The daemon, the other backend's process and its workers; and it still makes new ones."""
        self.assertIsNone(self.module.process.poll())
        self.assertEqual(daemon, self.module.process.pid)
        self.assertEqual((workers, host), (self.processes(), self.host_of("process")))
        self.send(deploy(process_tool("steady", 3)))
        after = self.await_processes(3)
        self.assertEqual(workers, {pid: key for pid, key in after.items() if pid in workers})

    def test_plugins_that_abort_exit_print_and_hang_cost_only_their_own_calls(self):
        modes = ("abort", "exit", "rubbish", "hang")
        faulty = {mode: {"plugin": "faulty", "mode": f"{mode} in create"} for mode in modes}
        workers = self.start(**faulty)
        daemon, host = self.module.process.pid, self.host_of("process")
        self.send(deploy(*(faulty_tool(f"{mode}-tool") | {"kind": mode} for mode in modes)))
        await_that("each has misbehaved", lambda: all(self.creations(mode) > 0 for mode in modes))
        for said in ("was killed by signal 6", "ended with exit code 7", "backend rubbish: printed: "):
            self.await_log(said)
        self.assert_untouched(daemon, host, workers)
        began = time.monotonic()
        self.assertEqual(0, self.module.stop())
        self.assertLess(time.monotonic() - began, 40, "also with a call that never returns")

    def test_ctrl_c_reaches_the_daemon_alone_and_leaves_no_child(self):
        workers = self.start(wrapper=("setsid",))
        host = self.host_of("process")
        self.assertEqual(host, os.getpgid(host), "a group of its own")
        os.killpg(self.module.process.pid, signal.SIGINT)
        self.assertEqual(0, self.module.process.wait(60))
        self.assertFalse(processes.is_alive(host))
        self.assertNotIn("is lost", self.module.log())
        self.assertEqual(workers, self.processes())

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
