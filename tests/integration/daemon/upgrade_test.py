#!/usr/bin/env python3
"""Plugins that are replaced while they serve: see tests/support/daemon_test.py."""

import json
import os
import pathlib
import shutil

import daemon_test
import processes
from daemon_test import DaemonTest, deploy, process_tool
from waiting import await_that, holds_for

REJECTED = 4
FIXTURES = "tests/unit/upgrade/fixtures"


class Upgrade(DaemonTest):
    def setUp(self):
        super().setUp()
        self.plugins = self.folder / "plugins"
        self.plugins.mkdir()
        self.builds = self.folder / "builds"
        self.builds.mkdir()

    def build(self, name, *more):
        """A file of the plugin with some bytes behind its end: another hash, the same plugin."""
        source = daemon_test.BUILD / f"lib/elasticity/plugins/1/{name}.so"
        if not source.exists():
            source = daemon_test.BUILD / FIXTURES / f"{name}.so"
        file = self.builds / f"{name}{''.join(more)}.so"
        file.write_bytes(source.read_bytes() + "".join(more).encode())
        file.chmod(0o644)
        return file

    def install(self, file, name):
        file.rename(self.plugins / f"{name}.so")

    def start(self, backends, isolation="process", window_s=60):
        for backend in backends.values():
            backend.setdefault("isolation", isolation)
            if not (self.plugins / f"{backend['plugin']}.so").exists():
                self.install(self.build(backend["plugin"]), backend["plugin"])
        return self.start_module(backends, plugin_dir=str(self.plugins),
                                 plugin_upgrade={"rollback_window_s": window_s, "drain_timeout_s": 30})

    def start_process(self, **options):
        self.start({"process": {"plugin": "process"}}, **options)
        self.send(deploy(process_tool("steady", 2)))
        return self.await_processes(2)

    def plugin(self, backend="process"):
        status = self.module.status()
        found = [each for each in status["backends"] if each["backend"] == backend] if status else []
        return found[0]["plugin"] if found else None

    def await_generation(self, number, backend="process", state=None):
        def look():
            plugin = self.plugin(backend)
            return plugin and plugin["generation"] == number and (state is None or plugin["state"] == state)
        await_that(f"generation {number} serves {backend}", look)

    def upgrade(self, *words):
        done = self.module.cli("plugin", "upgrade", *words)
        print(done.stdout, done.stderr)
        return done

    def copies(self):
        return sorted(path.name for path in (self.module.state_dir / "plugins").iterdir())

    def assert_serves(self, workers, count=3):
        """The same workers, and another one can be made."""
        self.assertEqual(workers, self.processes())
        self.send(deploy(process_tool("steady", count)))
        after = self.await_processes(count)
        self.assertEqual(workers, {pid: key for pid, key in after.items() if pid in workers})

    def test_by_command_with_its_steps_and_its_state(self):
        for isolation in ("process", "in_process"):
            with self.subTest(isolation):
                workers = self.start_process(isolation=isolation)
                done = self.upgrade("process", self.build("process", isolation))
                self.assertEqual((0, "replaced: generation 2 serves\n"), (done.returncode, done.stdout))
                phases = [line.split(":")[0] for line in done.stderr.splitlines()]
                self.assertEqual(["verifying", "staging", "probing", "activating", "comparing", "draining", "watching"],
                                 phases)
                plugin = self.plugin()
                self.assertEqual((2, "watching", 1), (plugin["generation"], plugin["state"], plugin["beside"]))
                self.assertIn(f"sha256 {plugin['sha256'][:16]}, watching", self.module.cli("status").stdout)
                self.assert_serves(workers)
                self.assertEqual(0, self.module.stop())
                self.assertEqual([], self.copies())
                self.module.start()
                self.remove_all("steady")
                self.module.stop()

    def test_by_a_rename_and_not_by_writing_in_place(self):
        workers = self.start_process(window_s=0)
        with open(self.plugins / "process.so", "ab") as file:
            file.write(b"in place")
        self.await_log("was written in place, which upgrades nothing")
        self.install(self.build("process", "2"), "process")
        self.await_generation(2, state="serving")
        self.assertEqual("the file was replaced", self.plugin()["last_upgrade"]["cause"])
        self.assertEqual(1, len(self.copies()))
        self.assert_serves(workers)

    def test_by_changed_settings_of_the_backend(self):
        workers = self.start_process()
        daemon_log = self.module.log
        self.module.settings["backends"]["process"]["concurrency"] = 3
        self.module.write_settings()
        self.await_generation(2)
        self.assertEqual("its settings changed", self.plugin()["last_upgrade"]["cause"])
        self.module.settings["backends"]["process"]["no_such_field"] = 1
        self.module.write_settings()
        self.await_log("upgrade refused: /backends/process/no_such_field")
        self.assertNotIn("starting again with the new ones", daemon_log())
        self.assertEqual(2, self.plugin()["generation"])
        self.assert_serves(workers)

    def test_a_file_that_cannot_serve_is_refused_with_its_reason(self):
        workers = self.start_process()
        text = self.builds / "text.so"
        text.write_text("#!/bin/sh\nexit 0\n" * 100)
        writable = self.build("process", "writable")
        writable.chmod(0o666)
        foreign = self.build("process", "foreign")
        os.chown(foreign, 54321, 0)
        open_folder = self.folder / "open"
        open_folder.mkdir()
        open_folder.chmod(0o777)
        shutil.copy(self.build("process", "open"), open_folder)
        crashing = self.builds / "crashing.so"
        shutil.copy(daemon_test.BUILD / "tests/unit/isolation/fixtures/crashing_constructor.so", crashing)
        for file, reason in ((text, "invalid ELF header"),
                             (writable, "others than its owner may write there"),
                             (foreign, "belongs to user 54321"),
                             (open_folder / "processopen.so", "others than its owner may write there"),
                             (crashing, "killed by signal 11"),
                             (self.build("docker"), "org.elasticity.process was wanted"),
                             (self.builds / "none.so", "No such file")):
            with self.subTest(file.name):
                done = self.upgrade("process", file)
                self.assertEqual(REJECTED, done.returncode)
                self.assertIn("refused: ", done.stderr)
                self.assertIn(reason, done.stderr)
                self.assertEqual((1, "serving"), (self.plugin()["generation"], self.plugin()["state"]))
                self.assertEqual(1, len(self.copies()))
        self.assertIn("refused", self.module.cli("status").stdout)
        self.assertEqual(REJECTED, self.upgrade("nobody").returncode)
        self.assert_serves(workers)

    def test_a_plugin_that_forgets_the_workers_is_refused_unless_forced(self):
        self.start({"noop": {"plugin": "noop"}})
        tool = {"kind": "noop", "extractor": "forgotten", "min_instances": 2, "max_instances": 2,
                "missing_queue": "create"}
        self.send(deploy(tool))
        await_that("2 workers", lambda: (self.module.tool("forgotten") or {}).get("instances", [])[1:])
        other = self.build("noop", "2")
        done = self.upgrade("noop", other, "--json")
        record = json.loads(done.stdout)
        self.assertEqual((REJECTED, "refused"), (done.returncode, record["outcome"]))
        self.assertIn("it does not find 2 of the workers that generation 1 finds", record["reason"])
        self.assertEqual(1, self.plugin("noop")["generation"])
        self.assertEqual(0, self.upgrade("noop", other, "--force").returncode)
        self.assertEqual("unchanged: generation 3 runs that very file already\n",
                         self.upgrade("noop", other).stdout)

    def test_a_generation_that_dies_at_its_work_is_rolled_back(self):
        self.start({"cloud": {"plugin": "cloud"}})
        self.assertEqual(0, self.upgrade("cloud", self.build("dying")).returncode)
        self.send(deploy({"kind": "cloud", "extractor": "rescued", "min_instances": 1, "max_instances": 1,
                          "missing_queue": "create"}))
        self.await_log("upgrade rolled_back: the plugin's process is lost: it was killed by signal 11")
        self.await_generation(1, "cloud", "serving")
        self.assertEqual("rolled_back", self.plugin("cloud")["last_upgrade"]["outcome"])
        await_that("the old one makes the worker", lambda: (self.module.tool("rescued") or {}).get("instances"))
        self.assertEqual(1, len(self.copies()))

    def test_fields_that_the_new_plugin_declares_are_taken_as_soon_as_it_serves(self):
        self.start({"cloud": {"plugin": "cloud"}})
        painted = deploy({"kind": "cloud", "extractor": "painted", "colour": "blue", "min_instances": 0,
                          "max_instances": 1, "missing_queue": "create"})
        self.send(painted)
        self.statuses.await_one(tool="painted", state="rejected")
        self.assertEqual(0, self.upgrade("cloud", self.build("wider")).returncode)
        self.send(painted)
        self.statuses.await_one(tool="painted", state="accepted")

    def test_a_backend_that_could_not_be_opened_serves_once_its_file_is_replaced(self):
        broken = self.builds / "text.so"
        broken.write_text("no library")
        broken.rename(self.plugins / "process.so")
        self.start({"process": {"plugin": "process"}})
        self.assertFalse(self.plugin())
        pid = self.module.process.pid
        self.install(self.build("process"), "process")
        self.await_generation(1)
        self.assertEqual(pid, self.module.process.pid)
        self.assertIsNone(self.module.process.poll())
        self.send(deploy(process_tool("steady", 1)))
        self.await_processes(1)

    def test_a_daemon_that_is_killed_in_the_middle_leaves_one_that_serves_and_no_stray_copy(self):
        workers = self.start_process()
        for phase in ("staging", "probing", "activating", "watching"):
            with self.subTest(phase):
                file = self.build("process", phase)
                self.install(file, "process")
                def reached(phase=phase):
                    last = self.plugin()["last_upgrade"]
                    return last and any(step["phase"] == phase for step in last["steps"])
                await_that(f"the upgrade is {phase}", reached, poll_s=0.005)
                self.module.kill()
                self.module.start()
                self.assertEqual(1, len(self.copies()))
                self.assertEqual((1, "serving"), (self.plugin()["generation"], self.plugin()["state"]))
                holds_for(1, "the workers stay", lambda: self.processes() == workers)
        self.assert_serves(workers)


if __name__ == "__main__":
    daemon_test.main()
