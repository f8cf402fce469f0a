#!/usr/bin/env python3
"""tools.json and the settings, as people treat them: see tests/support/daemon_test.py."""

import json

import daemon_test
from daemon_test import DaemonTest, deploy, process_tool
from waiting import await_that, holds_for

PROCESS = {"process": {"plugin": "process"}}


class FilesTest(DaemonTest):
    def start_with_two_workers(self):
        self.start_module(PROCESS)
        self.send(deploy(process_tool("jobs", 2), request_id="first"))
        self.statuses.await_one(tool="jobs", state="accepted")
        return self.await_processes(2)

    def write_tools(self, text):
        """As an editor saves: a new file in the place of the old one."""
        fresh = self.module.tools_file.with_suffix(".edited")
        fresh.write_text(text)
        fresh.rename(self.module.tools_file)

    def edit_tools(self, change):
        document = json.loads(self.module.tools_file.read_text())
        change(document)
        self.write_tools(json.dumps(document, indent=2))


class LostToolsFile(FilesTest):
    def assert_held(self, reason, workers):
        self.assertIn(reason, self.module.status()["held"])
        holds_for(3, "held: nothing is touched", lambda: self.processes() == workers)
        shown = self.module.cli("status")
        self.assertIn("held", shown.stdout + shown.stderr)

    def roll_back(self, generation, workers):
        done = self.module.cli("config", "rollback", str(generation), "--yes")
        self.assertEqual(0, done.returncode, done.stderr)
        self.module.await_listening()
        self.assertEqual(workers, self.processes())
        self.assertEqual(2, self.module.desired()["jobs"]["min_instances"])

    def test_a_missing_file_stops_nothing_until_a_rollback(self):
        workers = self.start_with_two_workers()
        generation = self.module.status()["generation"]
        self.module.stop()
        self.module.tools_file.unlink()
        self.module.start()
        self.assert_held("missing", workers)
        self.roll_back(generation, workers)

    def test_an_older_file_stops_nothing_until_a_rollback(self):
        workers = self.start_with_two_workers()
        older = self.module.tools_file.read_text()
        self.send(deploy(process_tool("later", 0)))
        self.statuses.await_one(tool="later", state="accepted")
        generation = self.module.status()["generation"]
        self.module.stop()
        self.write_tools(older)
        self.module.start()
        self.assert_held("although generation", workers)
        self.roll_back(generation, workers)
        self.assertEqual({"jobs", "later"}, set(self.module.desired()))

    def test_an_empty_file_stops_nothing_and_may_be_accepted(self):
        workers = self.start_with_two_workers()
        self.module.stop()
        self.edit_tools(lambda document: document.update(tools=[]))
        self.module.start()
        self.assert_held("names no tool", workers)
        self.module.stop()
        self.module.start("--accept-empty")
        self.assertIsNone(self.module.status()["held"])
        self.assertEqual({}, self.module.desired())
        # Whose tool is not known is reported and never touched.
        await_that("strangers are reported", lambda: len(self.module.status()["workers_of_unknown_tools"]) == 2)
        self.assertEqual(workers, self.processes())


    def test_a_file_of_no_bytes_stops_nothing_and_is_written_again(self):
        workers = self.start_with_two_workers()
        self.module.stop()
        self.write_tools("")
        self.module.start()
        self.await_log("a hand edit was refused")
        holds_for(3, "nothing is touched", lambda: self.processes() == workers)
        self.send(deploy(process_tool("later", 0)))
        self.statuses.await_one(tool="later", state="accepted")
        self.assertEqual({"jobs", "later"}, set(self.module.desired()))


class HandEdits(FilesTest):
    def test_a_valid_one_is_applied(self):
        self.start_with_two_workers()

        def three(document):
            document["tools"][0].update(min_instances=3, max_instances=3)
        self.edit_tools(three)
        self.await_processes(3)

    def test_a_broken_one_is_kept_aside_with_line_and_column(self):
        workers = self.start_with_two_workers()
        broken = self.module.tools_file.read_text().replace('"min_instances": 2', '"min_instances": "two"')
        line = 1 + broken[:broken.index('"two"')].count("\n")
        self.write_tools(broken)
        rejected = self.module.state_dir / "tools.json.rejected"
        await_that("the edit is set aside", lambda: rejected.exists() and rejected.read_text() == broken)
        self.await_log("a hand edit was refused")
        self.assertRegex(self.module.log(), rf"\b{line}:\d+: /tools/0/min_instances")
        self.assertEqual(workers, self.processes())
        # The last good state is in force: the next deploy builds upon it.
        self.send(deploy(process_tool("later", 0)))
        self.statuses.await_one(tool="later", state="accepted")
        self.assertEqual(2, self.module.desired()["jobs"]["min_instances"])

    def test_one_beside_a_deploy_loses_neither(self):
        self.start_with_two_workers()
        base = json.loads(self.module.tools_file.read_text())
        self.send(deploy(process_tool("later", 0)))
        self.statuses.await_one(tool="later", state="accepted")
        base["tools"][0].update(min_instances=1)
        self.write_tools(json.dumps(base))
        self.await_processes(1)
        await_that("both are in force", lambda: set(self.module.desired()) == {"jobs", "later"})


class SettingsChanges(FilesTest):
    def test_valid_ones_are_taken_over_and_workers_notice_nothing(self):
        workers = self.start_with_two_workers()
        pid = self.module.process.pid
        self.module.settings["allow"] = {"images": []}
        self.module.settings["backends"]["process"]["max_instances"] = 3
        self.module.write_settings()
        self.await_log("starting again with the new ones")
        await_that("it listens", self.module.answers)
        self.send(deploy(process_tool("more", 5)))
        await_that("the new limit counts", lambda: len(self.processes()) == 3)
        short = self.statuses.await_one(tool="more", state=("degraded", "failed"))
        self.assertEqual("no_capacity", short["errors"][0]["code"])
        self.assertLessEqual(workers.items(), self.processes().items())
        self.assertEqual(pid, self.module.process.pid)
        self.assertTrue(self.module.is_running())

    def test_broken_ones_are_refused_with_line_and_column(self):
        workers = self.start_with_two_workers()
        good = self.module.settings_file.read_text()
        broken = good.replace('"list_interval_s": 1', '"list_interval_s": "soon"')
        line = 1 + broken[:broken.index('"soon"')].count("\n")
        self.module.settings_file.write_text(broken)
        self.await_log("the last good ones stay in force")
        self.assertRegex(self.module.log(), rf"\b{line}:\d+: /list_interval_s")
        self.assertEqual(workers, self.processes())
        self.send(deploy(process_tool("later", 0)))
        self.statuses.await_one(tool="later", state="accepted")


if __name__ == "__main__":
    daemon_test.main()
