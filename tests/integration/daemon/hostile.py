"""Mutations of a valid deploy message: each a line of bytes, all from one seed."""

import copy
import json
import random

WORDS = [b"null", b"true", b"-1", b"1e999", b"\"\"", b"[]", b"{}", b"\\u0000", b"\\ud800", b"\xff", b"\xc3\x28",
         b"99999999999999999999", b"\"../../etc/passwd\"", b"$(reboot)", b"%n%s",
         b"{\"secret\":\"key\"}", b",", b"\"", b"]", b"}"]
VALUES = [None, True, -1, 2**63, 1e308, "", "x" * 5000, "a\x00b", "\ud800", "../x", "$(reboot)", [], [[[[]]]],
          {}, {"": None}, 0.5]


def message(name, number):
    return {"schema": "elasticity/deploy/v1", "request_id": f"hostile-{number}", "action": "deploy",
            "tools": [{"kind": "process", "tool": name, "extractor": name, "command": ["/bin/true"], "min_instances": 0,
                       "max_instances": 1, "missing_queue": "wait", "environment": {"A": "b"},
                       "scaling": {"backlog_per_instance": 5, "up_step_max": "50%"}}]}


def places_in(value, found):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        found.append((value, key))
        places_in(child, found)
    return found


def value(dice):
    """One of its own: a list or an object that stood in two places could come to hold itself."""
    return copy.deepcopy(dice.choice(VALUES))


def bend(dice, document):
    """Changes the structure: a value, a name, or something too much."""
    holder, key = dice.choice(places_in(document, []))
    kind = dice.randrange(4)
    if kind == 0:
        holder[key] = value(dice)
    elif kind == 1:
        del holder[key]
    elif kind == 2 and isinstance(holder, dict):
        holder[dice.choice(["force", "nosuch", "tool", "queue", "", "removing", "generation"])] = value(dice)
    else:
        tools = document.get("tools")
        document["tools"] = tools * dice.randrange(4) if isinstance(tools, list) else [tools]
    return document


def damage(dice, text):
    """Changes the bytes."""
    text = bytearray(text)
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(text))
        kind = dice.randrange(4)
        if kind == 0:
            text[place] = dice.randrange(256)
        elif kind == 1:
            del text[place:place + dice.randint(1, 20)]
        elif kind == 2:
            text[place:place] = dice.choice(WORDS)
        else:
            del text[place:]
        if not text:
            return b"{"
    return bytes(text)


def mutations(seed, count, name):
    dice = random.Random(seed)
    for number in range(count):
        document = message(name, number)
        for _ in range(dice.randint(0, 2)):
            bend(dice, document)
        text = json.dumps(document).encode()
        if dice.random() < 0.6:
            text = damage(dice, text)
        # The publishing tool sends lines.
        for separator in b"\n\r\0":
            text = text.replace(bytes([separator]), b" ")
        yield text
