#!/usr/bin/env python3
"""The daemon is killed at random moments while it deploys: see tests/support/daemon_test.py.

ELASTICITY_SEED repeats a run, ELASTICITY_SOAK=1 makes it ten times as long.
"""

import collections
import os
import random
import sqlite3
import time

import daemon_test
from daemon_test import DaemonTest, deploy, docker_tool, process_tool, tell
from engine import KEY
from module import DEAD, DEPLOY
from waiting import await_that

KILLS = 100 if os.environ.get("ELASTICITY_SOAK") == "1" else 10
TOOLS = ("faces", "ocr", "speech")
MOST = 3


class KillTest(DaemonTest):
    # The kills spread from before the message is taken to after the last worker was made.
    latest_kill_s = 0.8

    def rounds(self, backends, make_tool):
        seed = int(os.environ.get("ELASTICITY_SEED") or random.SystemRandom().randrange(2**32))
        tell(f"ELASTICITY_SEED={seed}")
        dice = random.Random(seed)
        self.start_module(backends)
        self.make_tool = make_tool
        self.wanted = dict.fromkeys(TOOLS, 0)
        self.requests = []
        for number in range(KILLS):
            self.kill_during_deploys(dice, number)
            self.module.start()
            self.check_settled(number)
        self.end_cleanly()

    def kill_during_deploys(self, dice, number):
        moment = time.monotonic() + dice.uniform(0, self.latest_kill_s)
        for step in range(dice.randint(1, 3)):
            tools = dice.sample(TOOLS, dice.randint(1, len(TOOLS)))
            for tool in tools:
                self.wanted[tool] = dice.randint(0, MOST)
            request = f"kill-{number}-{step}"
            self.requests.append(request)
            self.send(deploy(*(self.make_tool(tool, self.wanted[tool], max_instances=MOST) for tool in tools),
                             request_id=request))
        # The moment is what is random here; there is nothing to await.
        time.sleep(max(0.0, moment - time.monotonic()))
        self.module.kill()

    def check_settled(self, number):
        """The wanted workers and no other, and nothing that is still under way."""
        await_that(f"workers as wanted after kill {number}, {self.wanted}", self.is_settled)
        workers = self.workers()
        self.assertEqual(sum(self.wanted.values()), len(workers))
        keys = {key for _, key in workers}
        self.assertEqual(len(workers), len(keys), "a key that stands for two workers")
        # A worker that is gone may stay in the module's picture until its end has been answered.
        await_that(f"the module knows {keys}", lambda: self.known_keys() == keys)
        status = self.module.status()
        self.assertEqual([], status["workers_of_unknown_tools"])
        self.assertEqual([], [stray for backend in status["backends"] for stray in backend["strays"]])
        self.check_answered()

    def known_keys(self):
        return {instance["key"] for tool in self.module.status()["tools"] for instance in tool["instances"]}

    def is_settled(self):
        status = self.module.status()
        if not status or any(tool["ordered"] for tool in status["tools"]):
            return False
        present = collections.Counter(name for name, _ in self.workers())
        deployed = {tool["tool"]: tool["min_instances"] for tool in status["tools"]}
        return all(present[name] == count and deployed.get(name, 0) == count for name, count in self.wanted.items())

    def check_answered(self):
        def unanswered():
            self.statuses.poll()
            answered = {status["request_id"] for status in self.statuses.find(state=("accepted", "unchanged"))}
            return set(self.requests) - answered
        await_that("every deploy is answered", lambda: not unanswered())
        self.assertEqual([], self.statuses.find(state="rejected"))

    def end_cleanly(self):
        self.remove_all(*self.module.desired())
        await_that("no worker is left", lambda: not self.workers())
        self.assertEqual([], self.broker.take(DEPLOY))
        self.assertEqual([], self.broker.take(DEAD))
        self.assertEqual(0, self.module.stop())
        journal = sqlite3.connect(self.module.state_dir / "journal.db")
        with journal:
            self.assertEqual([], journal.execute("SELECT key FROM intents").fetchall())
        journal.close()
        tell(f"{KILLS} kills, {len(self.requests)} deploys, all answered")


class Processes(KillTest):
    latest_kill_s = 0.25

    def test_no_kill_makes_a_second_process_or_loses_a_deploy(self):
        self.rounds({"process": {"plugin": "process"}}, process_tool)

    def workers(self):
        return [(key.rsplit("-", 1)[0], key) for key in self.processes().values()]


class Containers(KillTest):
    def test_no_kill_makes_a_second_container_or_loses_a_deploy(self):
        self.rounds(self.use_engine(), docker_tool)

    def workers(self):
        keys = [container["Labels"][KEY] for container in self.containers()]
        return [(key.rsplit("-", 1)[0], key) for key in keys]


if __name__ == "__main__":
    daemon_test.main()
