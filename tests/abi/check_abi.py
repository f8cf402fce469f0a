#!/usr/bin/env python3
"""Compares the plugin ABI with every release of it: check_abi.py INCLUDE_DIR [RELEASE_DIR...]

Prints what a plugin that is out there would not survive, and ends with 1 when there is anything to print; with
77 where libabigail is missing.
"""
import functools
import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import abi_tools  # noqa: E402


def changed_types(release, include, folder):
    """What is left when the growth is cut off must be the release. (A suppression file of abidiff for growth at the
    end lets pass every other change of a struct as well: fields of another type, other parameters.)"""
    cut = abi_tools.cut_back(include, release / "include", folder)
    difference = abi_tools.differences(release / "baseline.xml", cut, folder)
    return [difference] if difference else []


@functools.cache
def released_values(release):
    with tempfile.TemporaryDirectory() as folder:
        return abi_tools.values_of(release / "include", Path(folder))


def changed_values(release, include, folder):
    now, released = abi_tools.values_of(include, folder), released_values(release)
    for name, value in released.items():
        if name.startswith("sizeof"):
            continue
        if now.get(name) != value:
            yield f"{name} is {now.get(name, 'gone')}, it was {value}"
    for struct in abi_tools.grown_structs(include, release / "include"):
        size = f"sizeof({struct})"
        if now[size] == released[size]:
            yield f"{struct} holds more than it did in the same {now[size]} bytes, so that its size tells nobody"


def problems_of(include, release):
    """A header that does not compile is a problem like any other: its static asserts are part of the check."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            return changed_types(release, include, folder) or [*changed_values(release, include, folder)]
        except RuntimeError as error:
            return [str(error)]


def require_libabigail():
    missing = [tool for tool in ("abidw", "abidiff") if shutil.which(tool) is None]
    if not missing:
        return
    text = f"{' and '.join(missing)} of abigail-tools are not installed"
    if os.environ.get("ELASTICITY_REQUIRE_ALL") == "1":
        sys.exit(f"required, but missing: {text}")
    print(f"SKIP: {text}")
    sys.exit(77)


def main(include, releases):
    require_libabigail()
    problems = [f"against {release.name}: {problem}"
                for release in releases for problem in problems_of(include, release)]
    print("\n".join(problems or [f"compatible with {', '.join(release.name for release in releases)}"]))
    sys.exit(1 if problems or not releases else 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]] or sorted(abi_tools.HERE.glob("sdk-*")))
