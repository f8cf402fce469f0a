#!/usr/bin/env python3
"""Checks that the tests which a page names exist: check_named_tests.py FOLDER PAGE.

A page names a test in double quotes, as "subject: rule". Prints each that is none of tests/, and ends with 1.
"""
import re
import sys
from pathlib import Path


def main():
    root, page = Path(sys.argv[1]), Path(sys.argv[2])
    sources = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root / "tests").rglob("*.cpp")))
    named = re.findall(r'"([a-z ]+: [^"]+)"', page.read_text(encoding="utf-8"))
    missing = [name for name in named if f'"{name}"' not in sources]
    for name in missing:
        print(f"{page}: no test is named {name!r}")
    if not named:
        print(f"{page}: names no test")
    return 1 if missing or not named else 0


if __name__ == "__main__":
    sys.exit(main())
