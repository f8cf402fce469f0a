#!/usr/bin/env python3
"""Plants one violation of each rule in an empty tree and looks whether it is refused, and nothing else is."""
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from check_tree import problems_of  # noqa: E402

HEADER = "#pragma once\n"
LONG_BODY = "    step();\n" * 69

PLANTED = {
    "file-length": ("core/model/a.cpp", "int x;\n" * 501),
    "function-length": ("core/model/a.cpp", "void f() {\n" + LONG_BODY + "}\n"),
    "tab": ("sdk/a.cpp", "\tint x;\n"),
    "sleep": ("plugins/docker/a.cpp", "void f() { std::this_thread::sleep_for(1s); }\n"),
    "banned-word": ("docs/a.md", "Good enough for n" + "ow.\n"),
    "pragma-once": ("core/model/a.hpp", "int x;\n"),
}
FINE = {
    "file-length": ("core/model/a.cpp", "int x;\n" * 500),
    "function-length": ("core/model/a.cpp", "void f() {\n" + LONG_BODY[:-12] + "}\n"),
    "tab": ("Makefile.txt", "\tall\n"),
    "sleep": ("tests/a.cpp", "void f() { usleep(1); }\n"),
    "banned-word": ("docs/a.md", "An update for nowhere.\n"),
    "pragma-once": ("core/model/a.hpp", HEADER),
}
ARROWS = [
    ("core/model/a.hpp", "core/io/state/history.hpp"), ("core/model/a.hpp", "core/plan/plan_tool.hpp"),
    ("core/intake/a.hpp", "core/state/apply.hpp"), ("core/state/a.hpp", "core/runtime/ports.hpp"),
    ("core/scaling/a.hpp", "core/plan/plan_tool.hpp"), ("core/plan/a.hpp", "core/io/rabbitmq/session.hpp"),
    ("core/plan/a.hpp", "core/report/decide_status.hpp"), ("core/report/a.hpp", "core/daemon/settings.hpp"),
    ("core/io/state/a.hpp", "core/runtime/ports.hpp"), ("core/io/control/a.hpp", "core/cli/main.hpp"),
    ("core/runtime/a.hpp", "core/io/state/history.hpp"), ("plugins/docker/a.hpp", "core/model/tool.hpp"),
    ("sdk/host/a.hpp", "core/model/error.hpp"), ("sdk/host/a.hpp", "plugins/docker/settings.hpp"),
]
ALLOWED_ARROWS = [
    ("core/plan/a.hpp", "core/scaling/decide_size.hpp"), ("core/io/state/a.hpp", "core/model/tool.hpp"),
    ("core/runtime/a.hpp", "core/plan/plan_tool.hpp"), ("plugins/docker/a.hpp", "elasticity/sdk/plugin.hpp"),
]


def rules_refused(name, text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return [problem.split(": ")[1] for problem in problems_of(Path(folder))]


def expect(name, text, wanted):
    found = rules_refused(name, text)
    if found != wanted:
        sys.exit(f"{name}: wanted {wanted}, found {found}, in:\n{text[:200]}")


for rule, (name, text) in PLANTED.items():
    expect(name, text, [rule])
for name, text in FINE.values():
    expect(name, text, [])
for name, included in ARROWS:
    expect(name, HEADER + f'#include "{included}"\n', ["arrow"])
for name, included in ALLOWED_ARROWS:
    expect(name, HEADER + f'#include "{included}"\n', [])
