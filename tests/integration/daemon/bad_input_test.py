#!/usr/bin/env python3
"""Messages that nobody should send: see tests/support/daemon_test.py. ELASTICITY_SEED repeats a run."""

import base64
import collections
import json
import os
import random

import daemon_test
import hostile
from daemon_test import DaemonTest, deploy, process_tool, tell
from module import DEAD, DEPLOY
from waiting import await_that

HOSTILE = 10_000
TWO_MIB = 2 * 1024 * 1024


class BadInput(DaemonTest):
    def setUp(self):
        super().setUp()
        self.start_module({"process": {"plugin": "process"}})
        self.send(deploy(process_tool("innocent", 1), request_id="innocent"))
        self.statuses.await_one(tool="innocent", state="accepted")
        [self.innocent] = self.await_processes(1)
        self.entry = self.module.desired()["innocent"]

    def assert_unharmed(self):
        self.send(deploy(process_tool("after", 0), request_id="after"))
        self.statuses.await_one(tool="after", state="accepted", request_id="after")
        self.assertEqual([], self.broker.take(DEPLOY))
        self.assertEqual(self.entry, self.module.desired()["innocent"])
        self.assertIn(self.innocent, self.processes())
        self.assertTrue(self.module.is_running())

    def refused(self, body):
        """The reason in the status; the original is in the dead-letter queue, byte for byte."""
        self.send(body)
        refused = self.statuses.await_one(tool=None, state="rejected")
        [dead] = await_that("a dead letter", lambda: self.broker.take(DEAD))
        self.assertEqual(refused["reason"], dead["properties"]["headers"]["x-elasticity-reason"])
        self.statuses.seen.clear()
        return refused["errors"][0]["code"], dead

    def test_what_cannot_be_read_is_answered_and_kept_with_its_reason(self):
        whole = json.dumps(deploy(process_tool("cut", 1)))
        for body in ("no json", "[]", "7", whole[:len(whole) // 2], '{"tools": []}', "\x00\x01\x02"):
            with self.subTest(body[:20]):
                code, dead = self.refused(body)
                self.assertIn(code, ("invalid_json", "invalid_field"))
                self.assertEqual(body, dead["payload"])
        code, _ = self.refused(b"\xff\xfe\x00garbage")
        self.assertEqual("invalid_json", code)
        self.assert_unharmed()

    def test_a_message_of_two_mebibytes_is_refused_by_its_size(self):
        code, dead = self.refused(json.dumps(deploy(process_tool("large", 1, environment={"A": "x" * TWO_MIB}))))
        self.assertEqual("message_too_large", code)
        self.assertIn(str(1024 * 1024), dead["properties"]["headers"]["x-elasticity-reason"])
        self.assert_unharmed()

    def test_ten_thousand_hostile_messages_are_each_answered_and_change_no_other_tool(self):
        seed = int(os.environ.get("ELASTICITY_SEED") or random.SystemRandom().randrange(2**32))
        tell(f"ELASTICITY_SEED={seed}")
        self.statuses.poll()
        before = len(self.statuses.seen)
        lines = list(hostile.mutations(seed, HOSTILE, "victim"))
        self.broker.publish_lines(DEPLOY, lines)
        self.send(deploy(process_tool("last", 0), request_id="last"))
        self.statuses.await_one(seconds=180, tool="last", state="accepted")
        self.check_answers(before, lines)
        self.assert_unharmed()

    def check_answers(self, before, lines):
        """Every message has its answers: one for each of its tools, or one and a dead letter for the whole."""
        sent = collections.Counter(line.strip() for line in lines)
        dead = collections.Counter()

        def tools_answered():
            return sum(count * len(json.loads(line)["tools"]) for line, count in (sent - dead).items())

        def answers():
            return [status for status in self.statuses.seen[before:]
                    if status["tool"] != "last" and status["state"] in ("accepted", "unchanged", "rejected")]

        def is_answered():
            self.statuses.poll()
            dead.update(body_of(message).strip() for message in self.broker.take(DEAD))
            return not dead - sent and self.is_readable(sent - dead) and dead.total() + tools_answered() == len(answers())

        # The answers of a batch come in no order of its messages, so that the last message's is not the last.
        await_that("every message is answered", is_answered)
        tell(f"{len(lines)} messages: {dead.total()} dead letters, {(sent - dead).total()} with answers for "
             f"{tools_answered()} tools")
        self.assertTrue(all(status["reason"] for status in answers()))
        self.assertTrue(all(status["errors"] for status in answers() if status["state"] == "rejected"))
        self.assertGreater(dead.total(), len(lines) // 10)
        self.assertGreater((sent - dead).total(), len(lines) // 10)
        self.assertNotIn("innocent", [status["tool"] for status in answers()])

    @staticmethod
    def is_readable(lines):
        """While dead letters are on their way, what is no message at all still counts as one with tools."""
        try:
            return all(json.loads(line)["tools"] for line in lines)
        except (ValueError, KeyError, TypeError):
            return False


def body_of(message):
    if message["payload_encoding"] == "base64":
        return base64.b64decode(message["payload"])
    return message["payload"].encode()


if __name__ == "__main__":
    daemon_test.main()
