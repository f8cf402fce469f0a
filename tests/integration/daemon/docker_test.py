#!/usr/bin/env python3
"""The main job with containers: see tests/support/daemon_test.py."""

import json
import subprocess
import time

import daemon_test
from daemon_test import DaemonTest, deploy, docker_tool
from engine import KEY, OWNER
from waiting import await_that, holds_for

IMAGE = "elasticity-daemon-test/worker:1"


class MainJob(DaemonTest):
    def test_a_published_message_becomes_containers_that_follow_their_queue(self):
        backends = self.use_engine()
        self.engine.make_worker(IMAGE, daemon_test.BUILD / "bin/elasticity-example-worker")
        self.start_module(backends)
        tool = {"kind": "docker", "extractor": "jobs", "image": IMAGE, "min_instances": 0, "max_instances": 3,
                "network": "host", "name_prefix": "ocr", "environment": {"RESULTS_QUEUE": "results"},
                "scaling": {"backlog_per_instance": 10, "idle_s": 1}}
        self.broker.declare("results")
        self.broker.declare("jobs")
        self.send(deploy(tool))
        self.statuses.await_one(tool="jobs", state="running")
        self.broker.publish_lines("jobs", [json.dumps({"id": n, "work_ms": 300}).encode() for n in range(40)])
        shown = await_that("docker ps shows three containers", lambda: self.docker_ps(3))
        self.assertTrue(all(name.startswith("ocr-") for name in shown), shown)
        self.check_worker(self.running_containers()[0])
        self.statuses.await_one(tool="jobs", state="running")
        done = set()

        def all_done():
            done.update(json.loads(message["payload"])["id"] for message in self.broker.take("results"))
            return len(done) == 40
        await_that("every job is done", all_done)
        self.await_containers(0)

    def docker_ps(self, count):
        answer = subprocess.run(["docker", "-H", f"unix://{self.engine.socket}", "ps", "--format", "{{.Names}}",
                                 "--filter", f"label={OWNER}={self.owner}"], capture_output=True, text=True, check=True)
        names = answer.stdout.split()
        return names if len(names) == count else None

    def check_worker(self, container):
        labels = container["Labels"]
        self.assertEqual([f"/{labels[KEY]}"], container["Names"])
        self.assertEqual("docker", labels["org.elasticity.backend"])
        self.assertIn("jobs", labels["org.elasticity.tool"])
        self.assertRegex(labels["org.elasticity.spec_hash"], "^[0-9a-f]{16}$")
        details = self.engine.inspect(container)
        self.assertEqual("no", details["HostConfig"]["RestartPolicy"]["Name"])
        environment = dict(item.split("=", 1) for item in details["Config"]["Env"])
        self.assertEqual(("jobs", self.broker.uri, self.broker.virtual_host),
                         tuple(environment[f"RABBITMQ_{name}"] for name in ("QUEUE", "URI", "VHOST")))

    def test_remove_leaves_no_container(self):
        self.start_module(self.use_engine())
        self.send(deploy(docker_tool("jobs", 2)))
        self.await_containers(2)
        self.send({"action": "remove", "tools": [{"tool": "jobs"}]})
        self.statuses.await_one(tool="jobs", state="removed")
        self.assertEqual([], self.containers())
        await_that("tools.json forgets the tool", lambda: not self.module.desired())

    def test_an_image_that_is_not_allowed_is_rejected(self):
        self.start_module(self.use_engine())
        self.send(deploy(docker_tool("jobs", 1, image="elsewhere/miner:1"), request_id="asked"))
        refused = self.statuses.await_one(tool="jobs", state="rejected", request_id="asked")
        self.assertEqual(["image_not_allowed"], [error["code"] for error in refused["errors"]])
        self.assertEqual([], self.containers())

    def test_a_secret_is_in_no_label_status_file_or_log(self):
        secret = "swordfish-42"
        (self.folder / "secret").write_text(secret)
        self.start_module(self.use_engine(), secrets={"key": {"file": str(self.folder / "secret")}})
        self.send(deploy(docker_tool("jobs", 1, environment={"API_KEY": {"secret": "key"}})))
        [container] = self.await_containers(1)
        details = self.engine.inspect(container)
        self.assertIn(f"API_KEY={secret}", details["Config"]["Env"])
        self.statuses.await_one(tool="jobs", state="deploying")
        for place in (json.dumps(container["Labels"]), json.dumps(self.statuses.seen), self.module.log(),
                      self.module.tools_file.read_text(), json.dumps(self.module.status())):
            self.assertNotIn(secret, place)


class Failures(DaemonTest):
    def test_an_image_that_does_not_exist_fails_within_seconds(self):
        self.start_module(self.use_engine())
        self.send(deploy(docker_tool("jobs", 2, image="elasticity-daemon-test/nothing:1")))
        failed = self.statuses.await_one(seconds=30, tool="jobs", state="failed")
        self.assertEqual("image_not_found", failed["errors"][0]["code"])
        self.assertTrue(failed["errors"][0]["retry_at"])
        self.assertEqual([], self.containers())

    def test_a_command_that_exits_at_once_makes_few_containers(self):
        self.start_module(self.use_engine())
        since = int(time.time())
        self.send(deploy(docker_tool("jobs", 3, command=["/bin/false"])))
        self.statuses.await_one(tool="jobs", state="failed")
        # All three at first, and then one at a time with growing pauses.
        holds_for(20, "few containers", lambda: self.created_since(since) <= 9, poll_s=1)
        self.statuses.poll()
        self.assertEqual(1, len(self.statuses.find(tool="jobs", state="failed")))

    def created_since(self, since):
        return len(self.engine.events(since, int(time.time()), event=["create"], label=[f"{OWNER}={self.owner}"]))

    def test_an_engine_that_is_not_there_is_named(self):
        self.start_module({"docker": {"plugin": "docker", "endpoint": f"unix://{self.folder}/no.sock"}})
        self.send(deploy(docker_tool("jobs", 1)))
        failed = self.statuses.await_one(tool="jobs", state="failed")
        self.assertEqual("backend_unavailable", failed["errors"][0]["code"])
        self.assertIn("no.sock", failed["reason"])


if __name__ == "__main__":
    daemon_test.main()
