#!/usr/bin/env python3
"""What an author of plugins does, with an SDK that was installed alone: see tests/support/daemon_test.py."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import daemon_test
from broker import SUPPORT
from daemon_test import DaemonTest, deploy
from waiting import await_that

SOURCE = SUPPORT.parent.parent
TUTORIAL = SOURCE / "docs/tutorials/first-plugin.md"
PLUGIN_LINES_MAX = 70


def run(*words, seconds=300, **options):
    """Its output; what went wrong is in the error. A program that hangs is ended with all that it started."""
    with subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          start_new_session=True, **options) as process:
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            raise AssertionError(f"{words} did not end within {seconds} s:\n{output}") from None
    if process.returncode != 0:
        raise AssertionError(f"{words} ended with {process.returncode}:\n{output}")
    return output


def checker():
    """The conformance kit, where it is built."""
    program = daemon_test.BUILD / "bin/elasticity-plugin-check"
    return program if program.exists() else None


def check(plugin, *words):
    if checker():
        run(checker(), plugin, *words)


class InstalledSdk:
    """A prefix that holds the SDK and nothing else. The sources are a copy: nothing beside them is needed."""

    def __init__(self, folder):
        self.folder = folder
        self.prefix = folder / "prefix"
        self.source = folder / "alone/sdk"
        shutil.copytree(SOURCE / "sdk", self.source)

    def install(self):
        build = self.folder / "build-sdk"
        run("cmake", "-S", self.source, "-B", build, "-D", "ELASTICITY_SDK_TOOLS=OFF")
        run("cmake", "--install", build, "--prefix", self.prefix)
        return self

    def build(self, project):
        """Its plugin."""
        build = self.folder / ("build-" + project.name)
        options = ["-D", f"CMAKE_PREFIX_PATH={self.prefix}"]
        if checker():
            options += ["-D", f"ELASTICITY_PLUGIN_CHECK={checker()}"]
        run("cmake", "-S", project, "-B", build, *options)
        run("cmake", "--build", build)
        [plugin] = build.glob("*.so")
        return plugin


class SdkTest(DaemonTest):
    """Each class installs once: nothing that a test does changes the prefix."""

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="elasticity-sdk-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.sdk = InstalledSdk(folder).install()

    def elasticity(self, *words):
        return run(daemon_test.BUILD / "bin/elasticity", *words)

    def write_new(self, name, *words):
        project = self.folder / name
        self.elasticity("plugin", "new", name, "--directory", project, *words)
        return project

    def expose(self, *plugins):
        """A plugin folder that holds these."""
        folder = self.folder / "plugins"
        folder.mkdir()
        for plugin in plugins:
            shutil.copy(plugin, folder)
        return str(folder)


class Installation(SdkTest):
    def test_the_prefix_holds_what_authors_need(self):
        for name in ("include/elasticity/sdk/abi.h", "include/elasticity/sdk/plugin.hpp",
                     "include/elasticity/sdk/program.hpp", "lib/cmake/ElasticitySDK/ElasticitySDKConfig.cmake",
                     "lib/cmake/ElasticitySDK/plugin.map", "lib/pkgconfig/elasticity-sdk.pc",
                     "share/elasticity/template/c++/plugin.cpp", "share/elasticity/template/c/plugin.c"):
            self.assertTrue((self.sdk.prefix / name).is_file(), name)

    def test_the_sdk_with_its_tools_configures_alone(self):
        run("cmake", "-S", self.sdk.source, "-B", self.folder / "tools")

    def test_pkg_config_gives_the_flags_to_those_without_cmake(self):
        environment = os.environ | {"PKG_CONFIG_PATH": str(self.sdk.prefix / "lib/pkgconfig")}

        def flags(*words):
            return run("pkg-config", *words, "elasticity-sdk", env=environment).split()
        plugin = self.folder / "by-hand.so"
        run("g++", "-std=c++17", *flags("--cflags"), *flags("--variable=plugin_cxxflags"),
            self.write_new("by-hand") / "plugin.cpp", "-o", plugin, *flags("--variable=plugin_ldflags"), "-lboost_json")
        self.assertIn("org.example.by-hand", self.elasticity("plugin", "describe", plugin))
        self.assertEqual([str(self.sdk.prefix / "lib/elasticity/plugins/1")],
                         [os.path.normpath(path) for path in flags("--variable=plugindir")])


class Tutorial(SdkTest):
    """The page is the test: its commands are run, in its order, and its code is what they write."""

    def blocks(self, language):
        return re.findall(rf"^```{re.escape(language)}\n(.*?)^```$", TUTORIAL.read_text(), re.MULTILINE | re.DOTALL)

    def script(self):
        """With this test's broker in the place of the reader's, which the page says to be on localhost."""
        text = "\n".join(self.blocks("sh"))
        amqp = f"127.0.0.1:{self.broker.env['AMQP_PORT']}"
        for what, ours in [("localhost:5672/%2F", f"{amqp}/{self.broker.virtual_host}"), ("localhost:5672", amqp),
                           ("localhost:15672", f"127.0.0.1:{self.broker.env['MANAGEMENT_PORT']}"),
                           ('"virtual_host": "/"', f'"virtual_host": "{self.broker.virtual_host}"')]:
            self.assertIn(what, text)
            text = text.replace(what, ours)
        return "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + text

    def test_the_commands_of_the_page_lead_to_a_worker_and_away_again(self):
        path = f"{daemon_test.BUILD / 'bin'}:{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "CMAKE_PREFIX_PATH": str(self.sdk.prefix)}
        self.addCleanup(self.end_workers)
        try:
            output = run("bash", "-c", self.script(), cwd=self.folder, env=environment, stdin=subprocess.DEVNULL)
        except AssertionError as failed:
            log = self.folder / "daemon.log"
            raise AssertionError(f"{failed}\n{log.read_text()[-8000:] if log.exists() else ''}") from None
        print(output)
        self.assertIn("1 of 1 instance run on first-cloud", output)
        self.assertIn("hello from the queue", output)
        self.assertRegex(output, r"jobs +removed")
        self.assertEqual([], list(self.folder.rglob("*.worker")))

    def end_workers(self):
        """Those that a failed test leaves: they outlive the daemon by design."""
        for worker in self.folder.rglob("*.worker"):
            self.addCleanup(lambda pid=int(worker.read_text().split()[-1]): os.killpg(pid, signal.SIGKILL))

    def test_the_code_of_the_page_is_the_template_and_short(self):
        [shown] = self.blocks("cpp")
        self.assertEqual((self.write_new("first-cloud") / "plugin.cpp").read_text(), shown)
        self.assertLessEqual(len(shown.splitlines()), PLUGIN_LINES_MAX)


class OutsideTheTree(SdkTest):
    def test_the_templates_build_and_pass_the_checks(self):
        for language in ("c++", "c"):
            with self.subTest(language):
                project = self.write_new("sky-" + language.replace("+", "p"), "--language", language)
                plugin = self.sdk.build(project)
                if checker():
                    run("ctest", "--test-dir", plugin.parent, "--output-on-failure", "--no-tests=error")

    def test_both_examples_build_pass_the_checks_and_run_tools(self):
        rack = self.sdk.build(SOURCE / "examples/plugin-cpp")
        cloud = self.sdk.build(SOURCE / "examples/plugin-c")
        check(rack, "--config", SOURCE / "examples/plugin-cpp/config.json",
              "--spec", SOURCE / "examples/plugin-cpp/spec.json")
        check(cloud, "--spec", SOURCE / "examples/plugin-c/spec.json")
        self.start_module({"rack": {"plugin": "rack", "machines": ["desk-1", "desk-2"]}, "my-cloud": {"plugin": "my-cloud"}},
                          plugin_dir=self.expose(rack, cloud))
        self.send(deploy(self.tool("rack", options={"purpose": "tests"}), self.tool("my-cloud", note="for tests")))
        for kind in ("rack", "my-cloud"):
            await_that(f"2 workers of {kind}", lambda kind=kind: self.running(kind) == 2)
        self.remove_all("rack", "my-cloud")

    def running(self, name):
        tool = self.module.tool(name)
        return [instance["state"] for instance in tool["instances"]].count("running") if tool else 0

    @staticmethod
    def tool(kind, **fields):
        return {"kind": kind, "extractor": kind, "min_instances": 2, "max_instances": 2,
                "missing_queue": "create"} | fields


if __name__ == "__main__":
    daemon_test.main()
