"""What an installed abi.h promises, as data: the names in its text, its types (libabigail), its constants."""
import os
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEADER = "elasticity/sdk/abi.h"
COMPILER = os.environ.get("CC", "cc")

# Macros that promise no value, and the one that is there to change.
NO_CONSTANTS = {"ELS_EXPORT", "ELS_ABI_MINOR"}
# The structs without a size: by value and in arrays, never longer.
FROZEN = {"els_view", "els_kv"}


def run(command, folder=None):
    return subprocess.run(command, cwd=folder, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def compile_with(include, arguments, folder):
    done = run([COMPILER, "-std=c11", "-I", str(Path(include).resolve()), *arguments], folder)
    if done.returncode != 0:
        raise RuntimeError(f"abi.h of {include} does not compile:\n{done.stdout}")


def text_of(include):
    """The header without its comments."""
    text = (Path(include) / HEADER).read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)


def structs_of(text):
    """{name: body} of all structs, those of unknown content with None."""
    bodies = dict(re.findall(r"typedef struct (els_\w+) \{(.*?)\n\} \1;", text, re.DOTALL))
    opaque = re.findall(r"typedef struct (els_\w+) \1;", text)
    for name in re.findall(r"struct\s+(els_\w+)\s*\{", text):
        if name not in bodies:
            raise RuntimeError(f"{name}: wanted 'typedef struct {name} {{', and '}} {name};' on a line of its own")
    return {**{name: None for name in opaque}, **bodies}


def members_of(body):
    """Fields and functions one by one: 'els_view key, id;' is two."""
    members = []
    for declaration in (" ".join(part.split()) for part in body.split(";")):
        if "(" in declaration:
            members.append(declaration)
        elif declaration:
            first, *others = declaration.split(",")
            kind, name = re.fullmatch(r"(.*?)(\**\s*\w+(?:\[\w+\])?)", first).groups()
            members += [f"{kind} {each.strip()}" for each in (name, *others)]
    return members


def grown_structs(include, release_include):
    """{name: how many members it had} of those that have more than in the release, and may."""
    released = {name: len(members_of(body)) for name, body in structs_of(text_of(release_include)).items() if body}
    return {name: released[name] for name, body in structs_of(text_of(include)).items()
            if body and name not in FROZEN and len(members_of(body)) > released.get(name, len(members_of(body)))}


def cut_back(include, release_include, folder):
    """A copy of the header in which each struct that has grown ends where it ended in the release."""
    text = text_of(include)
    for name, count in grown_structs(include, release_include).items():
        body = structs_of(text)[name]
        kept = "".join(f"\n    {member};" for member in members_of(body)[:count])
        text = text.replace(f"{{{body}\n}} {name};", f"{{{kept}\n}} {name};")
    header = folder / "cut" / HEADER
    header.parent.mkdir(parents=True, exist_ok=True)
    header.write_text(text, encoding="utf-8")
    return folder / "cut"


def constants_of(text):
    enumerators = [name for body in re.findall(r"\benum \{(.*?)\}", text, re.DOTALL)
                   for name in re.findall(r"(?:^|,)\s*(ELS_\w+)", body)]
    macros = re.findall(r"^#define (ELS_\w+) +\S", text, re.MULTILINE)
    return [name for name in enumerators + macros if name not in NO_CONSTANTS]


def build_reach(include, folder):
    """An object whose exported functions reach every type of the header: one function for each struct, so that
    a new struct adds a function and changes none."""
    structs = structs_of(text_of(include))
    functions = [f"void reach_{name}(const {name} *it) {{ (void)it; }}" for name in structs]
    source = "\n".join([f"#include <{HEADER}>", *functions, "void reach_negotiate(els_negotiate_fn it) { (void)it; }"])
    (folder / "reach.c").write_text(source + "\n", encoding="utf-8")
    compile_with(include, ["-g", "-O0", "-fPIC", "-shared", "-nostdlib", "-o", "reach.so", "reach.c"], folder)
    return folder / "reach.so"


def write_baseline(include, folder, baseline):
    """The types of the header as XML, which says nothing of the machine that it was written on."""
    reach = build_reach(include, folder)
    done = run(["abidw", "--no-show-locs", "--no-corpus-path", "--no-comp-dir-path", "--type-id-style", "hash",
                "--out-file", str(baseline), str(reach)])
    if done.returncode != 0:
        raise RuntimeError(f"abidw: {done.stdout}")


def differences(baseline, include, folder):
    """What abidiff says of the header against a baseline, new types aside; "" where nothing is wrong."""
    done = run(["abidiff", "--no-added-syms", str(baseline), str(build_reach(include, folder))])
    return "" if done.returncode == 0 else f"abidiff ends with {done.returncode}:\n{done.stdout}"


def values_of(include, folder):
    """{constant or sizeof(struct): value as text}, as the compiler sees them."""
    text = text_of(include)
    sizes = [f"sizeof({name})" for name, body in structs_of(text).items() if body]
    lines = [f"    show({name});" for name in constants_of(text) + sizes]
    source = f"""#include <stdio.h>
#include <{HEADER}>
static void show_text(const char *name, const char *value) {{ printf("%s=%s\\n", name, value); }}
static void show_number(const char *name, long long value) {{ printf("%s=%lld\\n", name, value); }}
#define show(name) _Generic((name), char *: show_text, default: show_number)(#name, name)
int main(void) {{
{chr(10).join(lines)}
    return 0;
}}
"""
    (folder / "constants.c").write_text(source, encoding="utf-8")
    compile_with(include, ["-o", "constants", "constants.c"], folder)
    return dict(line.split("=", 1) for line in run([str(folder / "constants")]).stdout.splitlines())
