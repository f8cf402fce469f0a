#!/usr/bin/env python3
"""A daemon that ends, starts again, or is another one: see tests/support/daemon_test.py."""

import pathlib
import shutil

import daemon_test
from daemon_test import DaemonTest, deploy, docker_tool, process_tool
from waiting import await_that, holds_for


class Restart(DaemonTest):
    def start_with_workers(self):
        self.start_module({"process": {"plugin": "process"}} | self.use_engine())
        self.send(deploy(process_tool("here", 2), docker_tool("there", 2)))
        self.await_processes(2)
        self.await_containers(2)
        return self.workers()

    def workers(self):
        pids = {each["Id"]: self.engine.inspect(each)["State"]["Pid"] for each in self.containers()}
        return self.processes(), pids

    def adopted(self):
        status = self.module.status()
        return status and not status["workers_of_unknown_tools"] and all(
            [each["state"] for each in tool["instances"]] == ["running"] * 2 and not tool["ordered"]
            for tool in status["tools"])

    def assert_untouched(self, workers):
        await_that("the workers are adopted", self.adopted)
        holds_for(2, "the workers stay", lambda: self.workers() == workers)

    def test_sigterm_ends_the_daemon_alone_and_the_next_one_adopts_its_workers(self):
        workers = self.start_with_workers()
        self.assertEqual(0, self.module.stop())
        holds_for(1, "workers go on without a daemon", lambda: self.workers() == workers)
        self.module.start()
        self.assert_untouched(workers)

    def test_another_build_over_the_state_directory_touches_no_worker(self):
        workers = self.start_with_workers()
        self.module.stop()
        self.module.binary = self.install_elsewhere()
        self.module.start()
        self.assert_untouched(workers)
        self.send(deploy(process_tool("here", 3)))
        self.await_processes(3)

    def install_elsewhere(self):
        """A new release at another path, with its own plugins and helpers."""
        release = self.folder / "next-release"
        for part in ("bin/elasticity", "lib/elasticity", "libexec/elasticity"):
            source = daemon_test.BUILD / part
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            (release / part).parent.mkdir(parents=True, exist_ok=True)
            copy(source, release / part)
        return pathlib.Path(release / "bin/elasticity")

    def test_a_state_directory_of_a_newer_release_is_refused(self):
        self.start_module({"process": {"plugin": "process"}})
        self.module.stop()
        (self.module.state_dir / "format").write_text("2\n")
        self.module.launch()
        self.assertEqual(1, self.module.process.wait(timeout=60))
        self.assertIn("written by a newer release in format 2", self.module.log())


if __name__ == "__main__":
    daemon_test.main()
