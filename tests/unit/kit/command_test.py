#!/usr/bin/env python3
"""What elasticity-plugin-check takes, prints and leaves: command_test.py PROGRAM FIXTURES SOURCE_TREE"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

PROGRAM, FIXTURES, SOURCES = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
CHECKS_MIN = 40


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=100, check=False)


class CommandTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.folder / name

    def assert_wrong_usage(self, expected, *arguments):
        ended = run(*arguments)
        self.assertEqual((ended.returncode, ended.stdout), (2, ""))
        self.assertIn(expected, ended.stderr)

    def test_wrong_usage_ends_with_2_and_says_why(self):
        healthy = FIXTURES / "healthy.so"
        self.assert_wrong_usage("no PLUGIN.so given")
        self.assert_wrong_usage("no such file", self.folder / "absent.so")
        self.assert_wrong_usage("no check is called 'no.such'", "--only", "no.such", healthy)
        self.assert_wrong_usage("leave no check", "--only", "load.*", "--skip", "load.*", healthy)
        self.assert_wrong_usage("--markdown goes with --list", "--markdown", healthy)
        self.assert_wrong_usage("--timeout", "--timeout", "0", healthy)
        self.assert_wrong_usage("wanted a JSON object", "--config", self.file("array.json", "[]"), healthy)
        self.assert_wrong_usage("is no JSON", "--spec", self.file("broken.json", "{"), healthy)
        self.assert_wrong_usage("/image: wanted", "--spec", self.file("flat.json", '{"image": "x"}'), healthy)

    def test_only_and_skip_take_patterns(self):
        report = json.loads(run("--json", "--only", "negotiate.*,load.one_symbol", "--skip", "*_major",
                                FIXTURES / "healthy.so").stdout)
        names = [check["name"] for check in report["checks"]]
        self.assertIn("load.one_symbol", names)
        self.assertIn("negotiate.is_repeatable", names)
        self.assertNotIn("negotiate.refuses_newer_major", names)
        self.assertEqual(report["proved"], "nothing, as not all checks ran")

    def test_every_check_has_a_name_of_its_own_and_a_rule(self):
        lines = run("--list").stdout.splitlines()
        names = [line.split()[0] for line in lines]
        self.assertGreaterEqual(len(names), CHECKS_MIN)
        self.assertEqual(len(names), len(set(names)))
        for line in lines:
            self.assertGreater(len(line.split()), 3, line)

    def test_the_page_shows_the_checks_that_there_are(self):
        page = (SOURCES / "docs/reference/plugin-check.md").read_text(encoding="utf-8")
        shown = page[page.index("## The checks\n\n"):].splitlines()[2:]
        self.assertListEqual(shown, run("--list", "--markdown").stdout.splitlines())

    def test_the_summary_names_the_interfaces_that_were_proved(self):
        ended = run("--json", FIXTURES / "able.so")
        report = json.loads(ended.stdout)
        self.assertEqual(ended.returncode, 0, report)
        self.assertEqual(report["plugin"], "org.example.fixture 1.0.0")
        self.assertTrue(report["proved"].startswith("base+drain+events+lifecycle+metrics"), report["proved"])
        skipped = [check["message"] for check in report["checks"] if check["status"] == "skipped"]
        self.assertIn("elasticity.service/1 is not offered", skipped)

    def test_a_failure_ends_with_1_and_stands_in_every_report(self):
        junit = self.folder / "junit.xml"
        ended = run("--json", "--junit", junit, "--only", "destroy.unknown_is_ok,activate.works",
                    FIXTURES / "destroy_wants_known.so")
        self.assertEqual(ended.returncode, 1)
        statuses = {check["name"]: check["status"] for check in json.loads(ended.stdout)["checks"]}
        self.assertEqual(statuses, {"activate.works": "pass", "destroy.unknown_is_ok": "fail"})
        suite = xml.parse(junit).getroot()
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("errors")), ("2", "1", "0"))
        failed = [case.get("name") for case in suite if case.find("failure") is not None]
        self.assertEqual(failed, ["destroy.unknown_is_ok"])

    def test_a_check_that_takes_too_long_is_a_failure_that_says_so(self):
        ended = run("--json", "--timeout", "1", "--only", "create.becomes_running", FIXTURES / "hangs_in_create.so")
        check = json.loads(ended.stdout)["checks"][0]
        self.assertEqual((ended.returncode, check["status"]), (1, "fail"))
        self.assertIn("took longer than 1 s and was killed", check["message"])

    def test_what_a_crashed_check_made_is_destroyed(self):
        instances = self.folder / "instances"
        instances.mkdir()
        config = self.file("config.json", json.dumps({"folder": str(instances)}))
        ended = run("--config", config, "--only", "create.*,adopt.*", FIXTURES / "crashes_after_create.so")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("crashed", ended.stdout)
        self.assertEqual([path.name for path in instances.iterdir() if "@" in path.name], [])

    def test_no_folder_of_a_check_is_left(self):
        environment = {**os.environ, "TMPDIR": str(self.folder)}
        subprocess.run([PROGRAM, "--only", "activate.*", str(FIXTURES / "crashes_in_activate.so")], env=environment,
                       capture_output=True, timeout=100, check=False)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_an_interrupted_run_tidies_up_and_ends_with_1(self):
        instances = self.folder / "instances"
        instances.mkdir()
        config = self.file("config.json", json.dumps({"folder": str(instances)}))
        running = subprocess.Popen([PROGRAM, "--json", "--config", config, "-j", "1", FIXTURES / "healthy.so"],
                                   stdout=subprocess.PIPE, text=True)
        while not any("@" in path.name for path in instances.iterdir()) and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        report = json.loads(running.communicate(timeout=100)[0])
        self.assertEqual(running.returncode, 1)
        self.assertIn("interrupted", [check["message"] for check in report["checks"]])
        self.assertEqual([path.name for path in instances.iterdir() if "@" in path.name], [])

    def test_strict_makes_a_warning_a_failure(self):
        open_file = self.folder / "open.so"
        open_file.write_bytes((FIXTURES / "healthy.so").read_bytes())
        open_file.chmod(0o666)
        arguments = ("--only", "load.not_writable_by_all", open_file)
        self.assertEqual(run(*arguments).returncode, 0)
        self.assertEqual(run("--strict", *arguments).returncode, 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
