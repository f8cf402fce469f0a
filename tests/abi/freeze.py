#!/usr/bin/env python3
"""Freezes the headers of a release of the SDK: freeze.py MAJOR.MINOR

Copies the headers to sdk-MAJOR.MINOR, writes the baseline of their types, and the checksums of both. A release that
is frozen stays as it is: the script does not touch a folder that exists.
"""
import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import abi_tools  # noqa: E402

HEADERS = abi_tools.HERE.parent.parent / "sdk" / "include"


def sums_of(release):
    files = sorted(path for path in release.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(release)}\n" for path in files)


def freeze(version):
    release = abi_tools.HERE / f"sdk-{version}"
    if release.exists():
        sys.exit(f"{release.name} is frozen: a change needs a new minor")
    shutil.copytree(HEADERS, release / "include")
    with tempfile.TemporaryDirectory() as folder:
        abi_tools.write_baseline(release / "include", Path(folder), release / "baseline.xml")
    (release / "SHA256SUMS").write_text(sums_of(release), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} MAJOR.MINOR")
    freeze(sys.argv[1])
