#!/usr/bin/env python3
"""Plants changes in copies of the frozen header, and looks whether the check tells those that break plugins from
those that do not."""
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import abi_tools  # noqa: E402
from check_abi import problems_of, require_libabigail  # noqa: E402

RELEASE = abi_tools.HERE / "sdk-1.0"
REF = "typedef struct els_ref { /* key or id is not empty; where both are, both must match */\n    uint32_t size;\n"
REF_TEXTS = "    els_view key, id;\n} els_ref;"
VIEW = "    const char *data;\n    size_t len;\n"
KV = "    els_view key, value;\n} els_kv;"
LIFECYCLE_START = ("    els_code (*start)(els_backend *backend, const els_call *call, const els_ref *ref, "
                   "els_error *error);\n")
TARGET_PORT = "    uint32_t port;        /* 0 = the plugin's default */\n"
TARGET_END = "    els_view credential; /* reference for els_host_secrets_v1 */\n"
NEW_INTERFACE = """#define ELS_IF_NEW "elasticity.new/1"
typedef struct els_new_v1 {
    uint32_t size;
    uint32_t reserved;
    els_code (*ask)(els_backend *backend, const els_call *call, const els_ref *ref, els_error *error);
} els_new_v1;

typedef struct els_negotiation {
"""

ALLOWED = {
    "nothing": [],
    "a field appended": [("} els_spec;", "    uint64_t more;\n} els_spec;")],
    "two fields appended": [("} els_ref;", "    els_view zone;\n    uint64_t more;\n} els_ref;")],
    "a function appended to a table": [("} els_drain_v1;", "    els_code (*poll)(els_backend *it);\n} els_drain_v1;")],
    "a function appended to the plugin": [("} els_plugin;", "    els_code (*more)(els_backend *it);\n} els_plugin;")],
    "a new interface": [("typedef struct els_negotiation {\n", NEW_INTERFACE)],
    "a new code": [("    ELS_UNAUTHENTICATED = 16\n", "    ELS_UNAUTHENTICATED = 16,\n    ELS_TEAPOT = 18\n")],
    "a new state at the end": [("    ELS_ST_GONE\n", "    ELS_ST_GONE,\n    ELS_ST_FROZEN\n")],
    "the next minor": [("#define ELS_ABI_MINOR 0u", "#define ELS_ABI_MINOR 1u")],
}
REFUSED = {
    "a field inserted": [(REF, REF + "    uint64_t more;\n")],
    "a field removed": [(REF_TEXTS, "    els_view key;\n} els_ref;")],
    "two fields exchanged": [(REF_TEXTS, "    els_view id, key;\n} els_ref;")],
    "a field of another width": [("    uint32_t vcpus;    /* 0 = unknown */\n", "    uint64_t vcpus;\n")],
    "a field of another type": [("    double load1, load5, load15;", "    uint64_t load1, load5, load15;")],
    "an array that grows": [("    char message[512];", "    char message[1024];")],
    "a changed field hidden by an appended one": [
        (TARGET_PORT, "    uint64_t port;\n"), (TARGET_END, TARGET_END + "    uint64_t more;\n")],
    "an exchange hidden by an appended one": [
        (REF_TEXTS, "    els_view id, key;\n    uint64_t more;\n} els_ref;")],
    "a function inserted": [(LIFECYCLE_START, "    els_code (*freeze)(els_backend *backend);\n" + LIFECYCLE_START)],
    "a function with another parameter": [
        (LIFECYCLE_START, LIFECYCLE_START.replace("els_error *error", "uint32_t speed, els_error *error"))],
    "a wider code": [("typedef int32_t els_code;", "typedef int64_t els_code;")],
    "els_view grows": [(VIEW, VIEW + "    size_t more;\n")],
    "els_kv grows": [(KV, "    els_view key, value, more;\n} els_kv;")],
    "a struct removed": [("typedef struct els_service_v1 {", "typedef struct els_service_v0 {"),
                         ("} els_service_v1;", "} els_service_v0;")],
    "an interface renamed": [('"elasticity.drain/1"', '"elasticity.draining/1"')],
    "a code renumbered": [("    ELS_ABORTED = 10,", "    ELS_ABORTED = 11,")],
    "a state inserted": [("    ELS_ST_SUSPENDED,\n", "    ELS_ST_FROZEN,\n    ELS_ST_SUSPENDED,\n")],
    "a flag removed": [("    ELS_PF_FORKS = 1u << 1,       /* starts child processes */\n", "")],
    "another major": [("#define ELS_ABI_MAJOR 1u", "#define ELS_ABI_MAJOR 2u")],
}


class PlantedChanges(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def patched(self, name, edits, keep_asserts=False):
        """A copy of the frozen headers with the edits, and without the asserts that see some of them first."""
        include = self.folder / name.replace(" ", "-")
        shutil.copytree(RELEASE / "include", include)
        header = include / abi_tools.HEADER
        text = header.read_text(encoding="utf-8")
        for old, new in edits:
            self.assertEqual(text.count(old), 1, f"{name}: the header does not hold once: {old}")
            text = text.replace(old, new)
        if not keep_asserts:
            text = "\n".join(line for line in text.splitlines() if not line.startswith("ELS_STATIC_ASSERT("))
        header.write_text(text, encoding="utf-8")
        return include

    def test_what_was_appended_is_allowed(self):
        for name, edits in ALLOWED.items():
            with self.subTest(name):
                self.assertEqual(problems_of(self.patched(name, edits), RELEASE), [])

    def test_what_breaks_plugins_is_refused(self):
        for name, edits in REFUSED.items():
            with self.subTest(name):
                self.assertNotEqual(problems_of(self.patched(name, edits), RELEASE), [])

    def test_the_header_itself_refuses_that_its_frozen_structs_grow(self):
        for name in ("els_view grows", "els_kv grows"):
            with self.subTest(name):
                problem, = problems_of(self.patched(name, REFUSED[name], keep_asserts=True), RELEASE)
                self.assertRegex(problem, "els_(view|kv) is frozen")


    def test_a_field_appended_into_padding_is_refused(self):
        """The size does not tell a reader whether it is there."""
        half = [("} els_ref;", "    uint32_t half;\n} els_ref;")]
        both = [("} els_ref;", "    uint32_t half;\n    uint32_t other;\n} els_ref;")]
        release = self.folder / "release"
        shutil.copytree(self.patched("half", half), release / "include")
        abi_tools.write_baseline(release / "include", self.folder, release / "baseline.xml")
        self.assertEqual(problems_of(self.patched("unchanged", half), release), [])
        problem, = problems_of(self.patched("both", both), release)
        self.assertEqual(problem, "els_ref holds more than it did in the same 48 bytes, so that its size tells nobody")


class Baseline(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def baseline_in(self, name):
        folder = self.folder / name
        folder.mkdir()
        abi_tools.write_baseline(RELEASE / "include", folder, folder / "baseline.xml")
        return (folder / "baseline.xml").read_text(encoding="utf-8")

    def test_a_baseline_is_the_same_wherever_it_is_written(self):
        self.assertEqual(self.baseline_in("here"), self.baseline_in("there"))

    def test_a_baseline_names_no_path(self):
        text = (RELEASE / "baseline.xml").read_text(encoding="utf-8")
        self.assertEqual(re.findall("'[^'>]*/[^'>]*'", text), [])

    def test_the_baseline_is_that_of_the_frozen_headers(self):
        self.assertEqual(
            abi_tools.differences(RELEASE / "baseline.xml", RELEASE / "include", self.folder), "")


if __name__ == "__main__":
    require_libabigail()
    unittest.main()
