#!/usr/bin/env python3
"""A full disk, and daemons that get in each other's way: see tests/support/daemon_test.py."""

import errno
import os
import pathlib

import daemon_test
from daemon_test import DaemonTest, deploy, process_tool
from module import Module
from waiting import await_that, holds_for

PROCESS = {"process": {"plugin": "process"}}
DISK_BYTES = 4 * 1024 * 1024
# In a mount namespace of its own the daemon sees a small disk where everybody else sees an empty folder.
ON_A_SMALL_DISK = 'mount -t tmpfs -o mode=0700,size="$0" tmpfs "$1" && shift && exec "$@"'


class FullDisk(DaemonTest):
    def start_on_a_small_disk(self):
        folder = self.folder / "state"
        folder.mkdir(mode=0o700)
        module = Module(daemon_test.BUILD, self.folder, self.broker, PROCESS)
        self.module = module
        self.addCleanup(self.end_small_disk)
        wrapper = ["unshare", "-m", "sh", "-c", ON_A_SMALL_DISK, str(DISK_BYTES), str(folder)]
        module.launch(wrapper=wrapper)
        # The daemon's own view of its folder; a Unix socket is reached through it as well.
        module.state_dir = pathlib.Path(f"/proc/{module.process.pid}/root{folder}")
        module.tools_file = module.state_dir / "tools.json"
        await_that("the daemon answers", module.answers)
        self.owner = module.install_id()
        self.statuses = daemon_test.Statuses(self.broker)

    def end_small_disk(self):
        self.show_log(self.module)
        daemon_test.processes.end_workers(self.owner)
        self.module.kill()

    def fill(self):
        filler = self.module.state_dir / "filler"
        block = b"x" * 4096
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(block)
            except OSError as error:
                self.assertEqual(errno.ENOSPC, error.errno)
        return filler

    def test_a_message_waits_until_the_disk_has_room_for_it(self):
        self.start_on_a_small_disk()
        self.send(deploy(process_tool("before", 1), request_id="before"))
        self.statuses.await_one(tool="before", state="accepted")
        workers = self.await_processes(1)
        text = self.module.tools_file.read_text()
        filler = self.fill()
        self.send(deploy(process_tool("waits", 0), request_id="waits"))
        self.await_log("messages wait")
        self.assertIn(os.strerror(errno.ENOSPC), self.module.log())
        holds_for(2, "nothing is acknowledged or changed", lambda: self.module.tools_file.read_text() == text)
        self.statuses.poll()
        self.assertEqual([], self.statuses.find(request_id="waits"))
        self.assertEqual(workers, self.processes())
        filler.unlink()
        self.statuses.await_one(tool="waits", state="accepted", request_id="waits")
        self.assertEqual({"before", "waits"}, set(self.module.desired()))


class TwoDaemons(DaemonTest):
    def test_a_second_daemon_refuses_the_state_directory_and_names_its_holder(self):
        first = self.start_module(PROCESS)
        second = Module(daemon_test.BUILD, self.folder, self.broker, PROCESS, name="second")
        second.settings["state_dir"] = str(first.state_dir)
        self.addCleanup(self.end_module, second)
        second.launch()
        self.assertEqual(1, second.process.wait(timeout=60))
        self.assertIn(f"in use by process {first.process.pid}", second.log())
        self.assertTrue(first.answers())

    def test_a_second_module_on_the_deploy_queue_ends_and_names_its_holder(self):
        first = self.start_module(PROCESS)
        second = Module(daemon_test.BUILD, self.folder, self.broker, PROCESS, name="second")
        second.state_dir = self.folder / "state-2"
        second.settings["state_dir"] = str(second.state_dir)
        self.addCleanup(self.end_module, second)
        second.launch()
        self.assertEqual(3, second.process.wait(timeout=90))
        self.assertIn("em-test", second.log())
        self.assertTrue(first.answers())
        self.send(deploy(process_tool("jobs", 0), request_id="asked"))
        self.statuses.await_one(state="accepted", request_id="asked")


if __name__ == "__main__":
    daemon_test.main()
