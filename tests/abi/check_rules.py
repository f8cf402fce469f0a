#!/usr/bin/env python3
"""Checks the rules in abi.h that let its structs grow: check_rules.py INCLUDE_DIR

A struct begins with its size, and crosses by pointer. els_view and els_kv alone have no size, and cross by value and
in arrays: they never grow, and abidiff holds them to it. Prints a line for each struct that breaks this, and ends
with 1 when there is one.
"""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import abi_tools  # noqa: E402
from abi_tools import FROZEN  # noqa: E402


def sizeless(structs):
    for name, body in structs.items():
        if body is not None and name not in FROZEN and not re.match(r"\s*uint32_t size;", body):
            yield f"{name}: must begin with 'uint32_t size;'"


def by_value(structs, text):
    """Fields, parameters and results, of which each is a type followed by its stars and its name."""
    for name, stars in re.findall(r"\b(els_\w+)\b((?:\s|\*|const\b)*)(?=[\w(,)])", text):
        if name in structs and name not in FROZEN and "*" not in stars:
            yield f"{name}: crosses by value, wanted a pointer"


def in_arrays(structs, text):
    """What a count follows is an array: of pointers, or it could never grow."""
    array = r"\b(els_\w+)\b((?:\s|\*|const\b)*)\w+\s*[,;]\s*size_t\s+\w*count\b"
    for name, stars in re.findall(array, text):
        if name in structs and name not in FROZEN and stars.count("*") < 2:
            yield f"{name}: crosses in an array of structs, wanted an array of pointers"
    for name in re.findall(r"\b(els_\w+)\s+\w+\[", text):
        if name in structs and name not in FROZEN:
            yield f"{name}: stands in an array of structs, wanted an array of pointers"


def problems_of(text):
    structs = abi_tools.structs_of(text)
    uses = re.sub(r"typedef struct els_\w+( \{| els_\w+;)|\} els_\w+;|struct (?=els_)|^#.*$", " ", text,
                  flags=re.MULTILINE)
    return sorted({*sizeless(structs), *by_value(structs, uses), *in_arrays(structs, uses)})


if __name__ == "__main__":
    problems = problems_of(abi_tools.text_of(Path(sys.argv[1])))
    print("\n".join(problems))
    sys.exit(1 if problems else 0)
