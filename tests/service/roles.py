#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two processes of each role over one database, under load, one killed (SIGKILL) and one hung (SIGSTOP) at random again and
again. Boots claim and adopt through both APIs as the hooks do, and repeat what was not answered. test_roles.c starts this, and
publishes on the bus meanwhile; it looks at the database at the end.

    roles.py PROGRAMS CLOUD DATABASE RABBIT DIRECTORY SEED

Says "ready" when all run, and "done CLAIMS HITS MISSES" in the end.
"""
import ctypes
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import uuid

PROGRAMS, CLOUD, DATABASE, RABBIT, DIRECTORY, SEED = sys.argv[1:]
ROLES = ("api", "worker", "listener", "predictor", "planner")
BOOTERS, BOOTS, KEYS, FAULTS = 4, 40, 3, 8
CHANCE = random.Random(int(SEED))

CONF = """[DEFAULT]
roles = {role}
log_file = {log}
[database]
connection = {database}
connect_timeout = 5
[keystone]
auth_url = {cloud}/identity/v3
username = larder
password = secret
connect_timeout = 2
[listener]
transport_url = {rabbit}
exchanges = nova,neutron,cinder,glance
[predict]
slot = 10
grace = 1
lease = 3
[reserve]
tier = guaranteed
review = 1
lease = 3
[bootstrap]
key_file = {directory}/key
workers = 2
review = 1
lease = 5
reconcile = 10
yield = 0
floor_port = 4
[neutron]
timeout = 4
[cinder]
timeout = 4
[glance]
timeout = 4
[claim]
lifetime = 15
adoption_timeout = 5
[api]
bind_port = {port}
watch_port = {port}
"""


def end_with_us():
    """The kernel's prctl(PR_SET_PDEATHSIG, SIGKILL)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Process:
    """One larderd with one role."""

    def __init__(self, role, number):
        self.role, self.name, self.port = role, f"{role}{number}", free_port()
        self.log = f"{DIRECTORY}/{self.name}.log"
        self.conf = f"{DIRECTORY}/{self.name}.conf"
        os.umask(0o077)
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(CONF.format(role=role, log=self.log, database=DATABASE, cloud=CLOUD,
                                   rabbit=RABBIT, directory=DIRECTORY, port=self.port))
        self.process = None

    def start(self):
        self.process = subprocess.Popen([f"{PROGRAMS}/larderd", "--config-file", self.conf],
                                        preexec_fn=end_with_us)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(40) == 0, f"{self.name} ends with {self.process.returncode}"

    def healthy(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthcheck", timeout=2):
                return True
        except OSError:
            return False

    def listens(self):
        """Whether the queue is there: what is published before is nobody's."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=2) as page:
                return b"\nlarder_bus_up 1\n" in page.read()
        except OSError:
            return False

    def wait(self, limit=60):
        end = time.monotonic() + limit
        while not self.healthy() or self.role == "listener" and not self.listens():
            assert self.process.poll() is None, f"{self.name} has ended: {tail(self.log)}"
            assert time.monotonic() < end, f"{self.name} is not healthy: {tail(self.log)}"
            time.sleep(0.1)


def tail(path):
    with open(path, encoding="utf-8") as file:
        return file.read()[-2000:]


# ---------------------------------------------------------------- load

class Hooks:
    """Filter and hooks, which ask the one API or the other, and again until they are answered: here no claim may be lost to
    impatience, so that what is counted in the end is exact."""

    def __init__(self, apis):
        self.apis = apis

    def send(self, method, path, body):
        end = time.monotonic() + 90
        while time.monotonic() < end:
            api = CHANCE.choice(self.apis)
            try:
                connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=5)
                connection.request(method, path, json.dumps(body).encode(), {
                    "X-Auth-Token": "larder_hook", "Content-Type": "application/json",
                    "X-OpenStack-Request-Id": next(iter(body.values())).get("request_id", "")})
                answer = connection.getresponse()
                text = answer.read()
                if answer.status < 500:
                    return answer.status, json.loads(text)
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.1)
        raise AssertionError(f"{method} {path} is not answered")


KEY_PORTS = [{"network_id": str(uuid.uuid4()), "security_groups": [str(uuid.uuid4())]} for _ in range(KEYS)]
PROJECT = uuid.uuid4().hex
COUNTS = {"claims": 0, "hits": 0, "misses": 0}
LOCK = threading.Lock()
FAILURES = []
SERVED = []     # request ids of boots that were served


def count(word):
    with LOCK:
        COUNTS[word] += 1


def report_miss(hooks, who, port, reason):
    resolved = {"security_groups": port["security_groups"]}
    status, answer = hooks.send("POST", "/v1/demand", {"demand": {
        **who, "kind": "port", "reason": reason, "seconds": 1.0, "port": port, "resolved": resolved,
        "instance_id": str(uuid.uuid4())}})
    assert status == 202, answer
    count("misses")


def take_over(hooks, adoption):
    """What the plugin in Neutron does; and what it says of it, maybe twice."""
    urllib.request.urlopen(urllib.request.Request(f"{CLOUD}/take/{adoption['resource_id']}",
                                                  method="POST"), timeout=10).close()
    status, answer = hooks.send("PATCH", f"/v1/adoptions/{adoption['id']}", {"adoption": {"state": "done"}})
    assert status in (200, 409), answer     # 409: reconciliation has found the owner before
    count("hits")


def boot(hooks, port):
    who = {"request_id": f"req-{uuid.uuid4()}", "project_id": PROJECT}
    status, answer = hooks.send("POST", "/v1/claims", {"claim": {
        **who, "image_id": None, "flavor_id": "m1", "availability_zone": None, "servers": 1,
        "ports": [{**port, "count": 1}], "volumes": []}})
    assert status in (200, 201), answer
    count("claims")
    status, answer = hooks.send("POST", "/v1/adoptions", {"adoption": {
        **who, "kind": "port", "port": port, "instance_id": str(uuid.uuid4())}})
    if status == 201:
        take_over(hooks, answer["adoption"])
        SERVED.append(who["request_id"])
    else:
        assert status == 409, answer
        report_miss(hooks, who, port, answer["errors"][0]["code"].split(".", 1)[1])


def booter(apis):
    hooks = Hooks(apis)
    try:
        for _ in range(BOOTS):
            boot(hooks, CHANCE.choice(KEY_PORTS))
            time.sleep(CHANCE.uniform(0, 0.3))
    except BaseException as failure:    # pylint: disable=broad-except
        FAILURES.append(failure)
        raise


# ---------------------------------------------------------------- faults

def fault(processes):
    """One is killed and started again, another hung for a while."""
    killed, hung = CHANCE.sample(processes, 2)
    hung.signal(signal.SIGSTOP)
    killed.kill()
    time.sleep(CHANCE.uniform(0.5, 4))
    killed.start()
    hung.signal(signal.SIGCONT)
    killed.wait()
    hung.wait()


def wait_stopping(booters):
    while any(thread.is_alive() for thread in booters):
        time.sleep(0.1)


def tells_the_story(processes):
    """The log of each boot that was served is found by its request id: the claim and the adoption, and no other boot's."""
    logs = ""
    for process in processes:
        if process.role == "api":
            with open(process.log, encoding="utf-8") as file:
                logs += file.read()
    for request_id in SERVED[:20]:
        lines = [line for line in logs.splitlines() if f"[{request_id} " in line]
        told = " ".join(lines)
        assert re.search(r"POST /v1/claims status=20[01]", told), (request_id, lines)
        assert re.search(r"POST /v1/adoptions status=201", told), (request_id, lines)


def main():
    subprocess.run([f"{PROGRAMS}/larder-manage", "--config-file", Process("worker", 0).conf, "key", "create"], check=True,
                   stdout=subprocess.DEVNULL)
    processes = [Process(role, number) for role in ROLES for number in (1, 2)]
    for process in processes:
        process.start()
    for process in processes:
        process.wait()
    print("ready", flush=True)
    apis = [process for process in processes if process.role == "api"]
    booters = [threading.Thread(target=booter, args=(apis,)) for _ in range(BOOTERS)]
    for thread in booters:
        thread.start()
    for _ in range(FAULTS):
        fault(processes)
    wait_stopping(booters)
    assert not FAILURES, FAILURES
    assert COUNTS["claims"] == BOOTERS * BOOTS == COUNTS["hits"] + COUNTS["misses"], COUNTS
    print("done", COUNTS["claims"], COUNTS["hits"], COUNTS["misses"], flush=True)
    sys.stdin.readline()        # until the test has seen what it wants to see while all run
    tells_the_story(processes)
    for process in processes:
        process.stop()


main()
