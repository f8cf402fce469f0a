#!/usr/bin/env python3
"""Servers that go away and come back: see tests/support/daemon_test.py."""

import daemon_test
from broker import Broker, OwnNode
from daemon_test import DaemonTest, deploy, docker_tool, process_tool
from engine import KEY, OwnEngine
from module import DEPLOY
from waiting import holds_for


class BrokerFault(DaemonTest):
    def make_broker(self):
        self.node = OwnNode(self.folder / "rabbitmq")
        self.addCleanup(self.node.run, "kill")
        return Broker(self.node.env())

    def test_a_broker_that_comes_back_finds_its_module_and_its_workers(self):
        self.start_module({"process": {"plugin": "process"}})
        self.send(deploy(process_tool("jobs", 2), request_id="before"))
        self.statuses.await_one(tool="jobs", state="deploying")
        before = self.await_processes(2)
        self.node.run("stop")
        self.module.await_listening(wanted=False)
        holds_for(3, "workers go on without a broker", lambda: self.processes() == before)
        self.node.run("restart")
        self.module.await_listening()
        self.assertEqual(before, self.processes())
        self.send(deploy(process_tool("jobs", 3), request_id="after"))
        self.statuses.await_one(tool="jobs", state="accepted", request_id="after")
        self.assertLessEqual(before.items(), self.await_processes(3).items())

    def test_a_message_that_waits_while_the_module_is_away_is_not_lost(self):
        self.start_module({"process": {"plugin": "process"}})
        self.module.kill()
        self.send(deploy(process_tool("jobs", 1), request_id="waits"))
        self.node.run("restart")
        self.module.start()
        self.statuses.await_one(tool="jobs", state="accepted", request_id="waits")
        self.await_processes(1)
        self.assertEqual([], self.broker.take(DEPLOY))


class EngineFault(DaemonTest):
    def setUp(self):
        super().setUp()
        own = OwnEngine(self.folder / "dockerd")
        self.addCleanup(own.run, "stop")
        self.backends = self.use_engine(own)

    def end_module(self, module):
        """Its containers end with the engine."""
        self.show_log(module)
        if module.is_running():
            module.kill()

    def keys(self):
        return sorted(container["Labels"][KEY] for container in self.containers())

    def test_an_engine_that_comes_back_holds_what_was_ordered_and_no_more(self):
        self.start_module(self.backends)
        self.send(deploy(docker_tool("jobs", 2), docker_tool("idle", 0)))
        self.await_containers(2)
        before = self.keys()
        self.engine.run("kill")
        troubled = self.statuses.await_one(tool="jobs", state=("degraded", "failed"))
        self.assertIn("backend_unavailable", [error["code"] for error in troubled["errors"]])
        self.send(deploy(docker_tool("idle", 1)))
        self.statuses.await_one(tool="idle", state="failed")
        self.engine.run("restart")
        self.await_containers(3)
        self.assertLess(set(before), set(self.keys()))
        holds_for(3, "nothing is ordered twice", lambda: len(self.keys()) == 3)


if __name__ == "__main__":
    daemon_test.main()
