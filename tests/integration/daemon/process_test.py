#!/usr/bin/env python3
"""The main job with local processes, and what is told about it: see tests/support/daemon_test.py."""

import json
import operator
import re
import subprocess

import daemon_test
from daemon_test import DaemonTest, deploy, process_tool
from module import DEAD, DEPLOY, STATUS
from processes import environment_of
from waiting import await_that, holds_for

WORKER = "elasticity-example-worker"
SECRET = "swordfish-41"


class MainJob(DaemonTest):
    def test_workers_follow_their_queue_up_and_down_to_zero(self):
        self.start_module({"process": {"plugin": "process"}})
        command = [str(daemon_test.BUILD / "bin" / WORKER)]
        self.broker.declare("jobs")
        self.broker.declare("results")
        self.send(deploy(process_tool("jobs", 0, max_instances=4, command=command,
                                      environment={"RESULTS_QUEUE": "results"},
                                      scaling={"backlog_per_instance": 5, "idle_s": 1})))
        self.assertIn("waiting for messages", self.statuses.await_one(tool="jobs", state="running")["reason"])
        self.assertEqual({}, self.processes())
        jobs = [json.dumps({"id": number, "work_ms": 200}).encode() for number in range(60)]
        self.broker.publish_lines("jobs", jobs)
        self.await_processes(4)
        results = []

        def all_done():
            results.extend(json.loads(message["payload"])["id"] for message in self.broker.take("results"))
            return len(set(results)) == len(jobs)
        await_that("every job is done", all_done)
        self.await_processes(0)
        self.assertEqual(list(range(60)), sorted(results))

    def test_the_rate_of_a_worker_is_learnt_from_the_brokers_counters(self):
        self.start_module({"process": {"plugin": "process"}})
        self.broker.declare("jobs")
        self.broker.declare("results")
        self.send(deploy(process_tool("jobs", 0, max_instances=1, command=[str(daemon_test.BUILD / "bin" / WORKER)],
                                      environment={"RESULTS_QUEUE": "results"},
                                      scaling={"mode": "drain_time", "drain_time_s": 3600, "idle_s": 1})))
        self.broker.publish_lines("jobs", [json.dumps({"id": number, "work_ms": 500}).encode() for number in range(100)])

        def learnt_rate():
            tools = (self.module.status() or {"tools": []})["tools"]
            rate = tools and re.search(r"([0-9.]+)/s per instance, to be done in 1 h", tools[0]["reason"])
            return float(rate.group(1)) if rate else None
        # Two jobs a second at most; how much less depends on the machine.
        rate = await_that("the rate of a worker is known", learnt_rate)
        self.assertTrue(0.5 < rate < 2.8, rate)

    def test_remove_ends_the_workers_and_takes_the_tool_out_of_the_file(self):
        self.start_module({"process": {"plugin": "process"}})
        self.send(deploy(process_tool("stays", 1), process_tool("goes", 2)))
        self.await_processes(3)
        self.send({"action": "remove", "tools": [{"tool": "goes", "delete_queue": "always"}]})
        self.statuses.await_one(tool="goes", state="removed")
        await_that("tools.json forgets the tool", lambda: list(self.module.desired()) == ["stays"])
        self.await_processes(1)
        self.assertIsNone(self.broker.queue("goes"))
        self.assertIsNotNone(self.broker.queue("stays"))

    def test_a_paused_tool_is_left_alone_until_it_is_resumed(self):
        self.start_module({"process": {"plugin": "process"}})
        self.send(deploy(process_tool("jobs", 2)))
        before = self.await_processes(2)
        self.send({"action": "pause", "tools": [{"tool": "jobs"}]})
        self.statuses.await_one(tool="jobs", state="paused")
        self.send(deploy(process_tool("jobs", 3)))
        self.statuses.await_one(tool="jobs", state="accepted", generation=self.module.status()["generation"])
        holds_for(3, "nothing is started while paused", lambda: self.processes() == before)
        self.send({"action": "resume", "tools": [{"tool": "jobs"}]})
        self.await_processes(3)

    def test_a_missing_queue_is_awaited_created_or_declared_by_one_worker(self):
        self.start_module({"process": {"plugin": "process"}})
        self.send(deploy(process_tool("awaited", 0, missing_queue="wait"),
                         process_tool("declared", 0, missing_queue="start_one", max_instances=5),
                         process_tool("created", 0, missing_queue="create",
                                      bindings=[{"exchange": "amq.topic", "routing_key": "a.*"}])))
        await_that("the queue is created", lambda: self.broker.queue("created"))
        await_that("the queue is bound", lambda: ("amq.topic", "a.*") in self.bindings("created"))
        self.await_processes(1)
        holds_for(3, "one worker, and no other, is to declare a queue", lambda: len(self.processes()) == 1)
        self.assertIsNone(self.broker.queue("awaited"))
        self.broker.declare("declared")
        self.await_processes(0)

    def bindings(self, queue):
        found = self.broker.call("GET", self.broker.queue_path(queue) + "/bindings")
        return [(each["source"], each["routing_key"]) for each in found]

    def test_an_idle_module_says_nothing(self):
        self.start_module({"process": {"plugin": "process"}})
        self.send(deploy(process_tool("jobs", 0)))
        self.statuses.await_one(tool="jobs", state="running")
        self.send(deploy(process_tool("jobs", 0)))
        self.statuses.await_one(tool="jobs", state="unchanged")
        before = await_that("the node's statistics are up to date",
                            lambda: self.published() if self.published() == (2, len(self.statuses.seen)) else None)
        holds_for(10, "both queues are silent", lambda: self.published() == before)

    def published(self):
        return self.broker.published(DEPLOY), self.broker.published(STATUS)

    def test_a_secret_reaches_the_worker_and_nothing_else(self):
        (self.folder / "secret").write_text(SECRET)
        self.start_module({"process": {"plugin": "process"}}, secrets={"key": {"file": str(self.folder / "secret")}})
        self.send(deploy(process_tool("jobs", 1, environment={"API_KEY": {"secret": "key"}, "PLAIN": "text"})))
        [pid] = self.await_processes(1)
        environment = await_that("the program runs", lambda: environment_of(pid))
        self.assertEqual((SECRET, "text"), (environment.get("API_KEY"), environment.get("PLAIN")))
        self.assertEqual(self.broker.uri, environment["RABBITMQ_URI"])
        self.assertEqual("jobs", environment["RABBITMQ_QUEUE"])
        self.statuses.await_one(tool="jobs", state="deploying")
        self.assert_nowhere(SECRET)
        self.assert_nowhere(self.broker.uri)

    def assert_nowhere(self, text):
        self.assertNotIn(text, json.dumps(self.statuses.seen))
        self.assertNotIn(text, self.module.log())
        self.assertNotIn(text, json.dumps(self.module.status()))
        for file in self.module.state_dir.rglob("*"):
            if file.is_file():
                self.assertNotIn(text.encode(), file.read_bytes(), file)


class Answers(DaemonTest):
    def test_each_tool_of_a_message_is_answered_on_its_own(self):
        self.start_module({"process": {"plugin": "process"}})
        self.send(deploy(process_tool("good", 1), process_tool("bad", -1, command="no array"),
                         process_tool("fine", 0), request_id="mixed"))
        for name in ("good", "fine"):
            self.statuses.await_one(tool=name, state="accepted", request_id="mixed")
        refused = self.statuses.await_one(tool="bad", state="rejected", request_id="mixed")
        self.assertEqual({"/tools/1/min_instances", "/tools/1/command"},
                         {error["pointer"] for error in refused["errors"]})
        self.assertEqual({"good", "fine"}, set(self.module.desired()))
        self.assertEqual([], self.broker.take(DEAD))

    def test_an_equal_deploy_is_unchanged_and_leaves_the_file_alone(self):
        self.start_module({"process": {"plugin": "process"}})
        self.send(deploy(process_tool("jobs", 0), request_id="first"))
        self.statuses.await_one(state="accepted", request_id="first")
        before = self.module.tools_file.stat()
        self.send(deploy(process_tool("jobs", 0), request_id="second"))
        self.statuses.await_one(state="unchanged", request_id="second")
        after = self.module.tools_file.stat()
        self.assertEqual((before.st_mtime_ns, before.st_ino), (after.st_mtime_ns, after.st_ino))

    def test_the_same_request_twice_has_the_effect_of_one(self):
        self.start_module({"process": {"plugin": "process"}})
        for count, request in ((0, "first"), (1, "second"), (0, "first")):
            self.send(deploy(process_tool("jobs", count), request_id=request))
        self.statuses.await_one(state="accepted", request_id="second")
        self.statuses.await_one(state="unchanged", request_id="first")
        self.assertEqual(1, self.module.desired()["jobs"]["min_instances"])

    def test_answers_go_to_reply_to_as_well(self):
        self.start_module({"process": {"plugin": "process"}})
        self.broker.declare("answers")
        answers = daemon_test.Statuses(self.broker, "answers")
        self.send(deploy(process_tool("jobs", 0), request_id="asked"), reply_to="answers")
        answers.await_one(state="accepted", request_id="asked")
        answers.await_one(state="running", request_id="asked")
        self.send({"action": "describe", "request_id": "what", "tools": [{"tool": "jobs"}]}, reply_to="answers")
        described = answers.await_one(schema="elasticity/description/v1", request_id="what")
        self.assertEqual(("jobs", "running"), (described["tool"], described["state"]))
        self.send("nonsense", reply_to="answers")
        answers.await_one(state="rejected", tool=None)

    def test_accepted_is_the_first_status_of_a_request(self):
        """Also of a tool that is known well, so that the control loop has its verdict at once."""
        self.start_module({"process": {"plugin": "process"}})
        self.broker.declare("jobs")
        requests = [f"request-{number}" for number in range(2, 30)]
        order = operator.itemgetter("generation", "sequence")
        for number, request in enumerate(requests):
            self.send(deploy(process_tool("jobs", 0, max_instances=number + 1), request_id=request))
            self.statuses.await_one(tool="jobs", state="running", request_id=request)
        for request in requests:
            told = sorted(self.statuses.find(request_id=request), key=order)
            self.assertEqual(["accepted", "running"], [status["state"] for status in told])

    def test_a_status_waits_for_whoever_reads_it(self):
        """With amqp-get, the tool that any administrator has."""
        self.start_module({"process": {"plugin": "process"}})
        self.send(deploy(process_tool("jobs", 0), request_id="asked"))
        await_that("the tool runs", lambda: (self.module.tool("jobs") or {}).get("state") == "running")

        def get():
            read = subprocess.run(["amqp-get", "-u", self.broker.uri, "-q", STATUS],
                                              capture_output=True, check=False)
            return json.loads(read.stdout) if read.returncode == 0 else None
        status = await_that("a status that amqp-get reads", get)
        self.assertEqual(("jobs", "accepted", "em-test"), (status["tool"], status["state"], status["module"]))


if __name__ == "__main__":
    daemon_test.main()
