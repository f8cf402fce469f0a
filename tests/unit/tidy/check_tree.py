#!/usr/bin/env python3
"""Checks the rules of the house over a source tree: check_tree.py FOLDER.

Prints FILE:LINE: RULE: what is wrong, a line each, and ends with 1 when there is anything to print.
"""
import re
import subprocess
import sys
from pathlib import Path

LINES_MAX = 500
FUNCTION_LINES_MAX = 70
CODE = {".cpp", ".hpp", ".h"}
TEXT = CODE | {".py", ".sh", ".cmake", ".txt", ".md", ".json", ".ts", ".tsx"}
BANNED = [r"\bTO" r"DO\b", r"\bFIX" r"ME\b", r"\bXX" r"X\b", r"\bfor n" r"ow\b"]

DECISION = ("core/model/", "core/intake/", "core/state/", "core/scaling/", "core/plan/", "core/report/")
ACTING = ("core/io/", "core/runtime/", "core/plugin_host/", "core/daemon/", "core/catalog/", "core/cli/")
# Whoever lives in the first folder includes nothing of the others.
ARROWS = [
    *[(folder, ACTING) for folder in DECISION],
    ("core/model/", DECISION[1:]),
    ("core/scaling/", ("core/intake/", "core/state/", "core/plan/", "core/report/")),
    ("core/plan/", ("core/intake/", "core/state/", "core/report/")),
    ("core/intake/", ("core/state/", "core/scaling/", "core/plan/", "core/report/")),
    ("core/io/", ("core/runtime/", "core/daemon/", "core/cli/", "core/catalog/", "core/plugin_host/")),
    ("core/runtime/", ("core/io/", "core/daemon/", "core/cli/", "core/catalog/", "core/plugin_host/")),
    ("plugins/", ("core/",)),
    ("sdk/", ("core/", "plugins/")),
]


def files_of(root):
    """What git knows, else every file: a release archive has no git."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.split("\0") if name]
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*")]
    skipped = ("build/", "third_party/", "node_modules/")
    return sorted(n for n in names if Path(n).suffix in TEXT and not n.startswith(skipped) and (root / n).is_file())


def is_ours(name):
    return name.startswith(("core/", "plugins/", "sdk/"))


def check_size(name, lines):
    generated = name.endswith("package-lock.json")
    if len(lines) > LINES_MAX and not generated and Path(name).suffix in CODE | {".py", ".sh", ".ts", ".tsx"}:
        yield len(lines), "file-length", f"{len(lines)} lines, at most {LINES_MAX} wanted"


def check_functions(name, lines):
    """A function begins at a line that ends in '{' after ')', and ends where a '}' closes it at its indent."""
    if Path(name).suffix not in CODE:
        return
    begin = re.compile(r"^( *)[A-Za-z~].*\)[^;]*\{$")
    control = re.compile(r"^ *(if|for|while|switch|namespace|class|struct|enum|else|TEST_CASE)\b")
    for number, line in enumerate(lines):
        found = begin.match(line)
        if not found or control.match(line):
            continue
        closing = found.group(1) + "}"
        end = next((i for i in range(number + 1, len(lines)) if lines[i].startswith(closing)), number)
        if end - number + 1 > FUNCTION_LINES_MAX:
            yield number + 1, "function-length", f"{end - number + 1} lines, at most {FUNCTION_LINES_MAX} wanted"


def check_lines(name, lines):
    code = Path(name).suffix in CODE
    for number, line in enumerate(lines, 1):
        if code and "\t" in line:
            yield number, "tab", "indent with spaces"
        if code and is_ours(name) and re.search(r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(", line):
            yield number, "sleep", "await an event instead"
        for word in BANNED:
            if re.search(word, line):
                yield number, "banned-word", f"'{re.search(word, line).group()}': finish it or write an issue"


def check_header(name, lines):
    if Path(name).suffix == ".hpp" and "#pragma once" not in lines:
        yield 1, "pragma-once", "a header needs #pragma once"


def check_arrows(name, lines):
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
        if not found:
            continue
        for folder, forbidden in ARROWS:
            if name.startswith(folder) and found.group(1).startswith(forbidden):
                yield number, "arrow", f"{folder} must not include {found.group(1)}"


CHECKS = [check_size, check_functions, check_lines, check_header, check_arrows]


def problems_of(root):
    for name in files_of(root):
        lines = (root / name).read_text(encoding="utf-8", errors="replace").splitlines()
        for check in CHECKS:
            for number, rule, text in check(name, lines):
                yield f"{name}:{number}: {rule}: {text}"


if __name__ == "__main__":
    problems = list(problems_of(Path(sys.argv[1])))
    print("\n".join(problems))
    sys.exit(1 if problems else 0)
