#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an operator does with larderd and larder-manage, over a real MariaDB and fake_cloud.py. test_operate.c starts this.

    operate.py PROGRAMS DATABASE DIRECTORY PART
"""
import ctypes
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import uuid

PROGRAMS, DATABASE, DIRECTORY, PART = sys.argv[1:]
HERE = pathlib.Path(__file__).parent
MARK = "5up3r-" + uuid.uuid4().hex     # in each secret that is planted
CONF = {
    "DEFAULT": {"roles": "api,worker", "log_file": f"{DIRECTORY}/larderd.log"},
    "database": {"connection": DATABASE},
    "keystone": {"username": "larder", "password": MARK},
    "bootstrap": {"key_file": f"{DIRECTORY}/key", "workers": 2, "review": 1, "lease": 5, "reconcile": 10, "yield": 0},
    "neutron": {"timeout": 4}, "cinder": {"timeout": 4}, "glance": {"timeout": 4},
    "claim": {"lifetime": 10, "adoption_timeout": 5},
    "api": {},
}
os.umask(0o077)


def end_with_us():
    """The kernel's prctl(PR_SET_PDEATHSIG, SIGKILL)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until(holds, what, limit=40):
    end = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < end, f"not within {limit} s: {what}"
        time.sleep(0.05)


class FakeCloud:
    def __init__(self):
        self.process = subprocess.Popen([sys.executable, "-I", "-B", HERE / "fake_cloud.py"], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, preexec_fn=end_with_us)
        self.url = self.process.stdout.readline().strip()

    def say(self, words):
        print(words, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()

    def count(self, kind):
        return int(self.say("count " + kind))


CLOUD = FakeCloud()
CONF["keystone"]["auth_url"] = CLOUD.url + "/identity/v3"
PORT = CONF["api"]["bind_port"] = free_port()


def write_conf(*changes, name="larder.conf"):
    """The path of the configuration, with 'section.option=value' changed."""
    conf = {section: dict(options) for section, options in CONF.items()}
    for change in changes:
        where, _, value = change.partition("=")
        section, _, option = where.partition(".")
        conf.setdefault(section, {})[option] = value
    path = pathlib.Path(DIRECTORY, name)
    path.write_text("".join(f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in options.items())
                            for section, options in conf.items()), encoding="utf-8")
    return path


def manage(*words, conf=None):
    return subprocess.run([f"{PROGRAMS}/larder-manage", "--config-file", conf or f"{DIRECTORY}/larder.conf", *words], text=True,
                          capture_output=True, timeout=120)


class Daemon:
    def __init__(self):
        self.log = pathlib.Path(CONF["DEFAULT"]["log_file"])
        self.process = subprocess.Popen([f"{PROGRAMS}/larderd", "--config-file", f"{DIRECTORY}/larder.conf"],
                                        preexec_fn=end_with_us, env={"PATH": os.environ["PATH"]})
        wait_until(self.healthy, "larderd is healthy")

    def healthy(self):
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")[-2000:]
        try:
            return self.get("/healthcheck")[0] == 200
        except OSError:
            return False

    @staticmethod
    def send(method, path, body=None, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
        headers = {"Content-Type": "application/json"} | ({"X-Auth-Token": token} if token else {})
        connection.request(method, path, json.dumps(body).encode() if body is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def get(self, path, token=None):
        return self.send("GET", path, token=token)

    def says(self, text):
        return text in self.log.read_text(encoding="utf-8")

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(40) == 0, self.process.returncode


def make_pools(floor):
    """A pool of ports and one of volumes, as demand makes them, with that floor."""
    pools = []
    for kind, ask, resolved in (
            ("port", {"network_id": str(uuid.uuid4()), "security_groups": []}, {"security_groups": [str(uuid.uuid4())]}),
            ("volume", {"image_id": str(uuid.uuid4()), "size": 1, "volume_type": None, "availability_zone": None},
             {"volume_type_id": str(uuid.uuid4()), "availability_zone": "nova"})):
        status, text = Daemon.send("POST", "/v1/demand", {"demand": {
            "request_id": f"req-{uuid.uuid4()}", "project_id": uuid.uuid4().hex, "kind": kind, kind: ask, "reason": "no-claim",
            "seconds": 1.0, "resolved": resolved, "instance_id": str(uuid.uuid4()) if kind == "port" else None}}, "larder_hook")
        assert status == 202, text
        pools.append(json.loads(text)["demand"]["pool_id"])
        status, text = Daemon.send("PATCH", f"/v1/pools/{pools[-1]}", {"pool": {"floor": floor}}, "admin")
        assert status == 200, text
    return pools


def ready(daemon, pool):
    return json.loads(daemon.get(f"/v1/pools/{pool}", "admin")[1])["pool"]["items"]["ready"]


def begin(*changes):
    write_conf(*changes)
    made = manage("key", "create")
    assert made.returncode == 0, made
    return Daemon()


# ---------------------------------------------------------------- check

def checked(*changes, **said):
    """Of one run of check: the exit code and {what: (word, sentence)}; 'said' steers the cloud for it."""
    before = {"skew": 0, "hook_role": "larder_hook", "bearers": "hooks", "holders": "larder"}
    for name, value in said.items():
        CLOUD.say(f"set {name} {value}")
    done = manage("check", conf=write_conf(*changes, name="checked.conf"))
    for name in said:
        CLOUD.say(f"set {name} {before[name]}")
    lines = [re.match(r"(.{18}) (ok|warning|FAILED|skipped) *(.*)$", line) for line in done.stdout.splitlines()]
    assert all(lines), done.stdout
    return done.returncode, {line[1].strip(): (line[2], line[3]) for line in lines}


def expect_finding(name, word, sentence, *changes, **said):
    code, found = checked(*changes, **said)
    assert found[name][0] == word and re.search(sentence, found[name][1]), (name, found[name])
    assert code >= {"warning": 1, "FAILED": 2}[word], (code, found)


def tell_of_hooks(version, **problems):
    for service in ("nova", "neutron", "cinder"):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
        connection.request("POST", "/v1/hooks", json.dumps({"hook": {
            "service": service, "host": "controller", "version": version, "problem": problems.get(service)}}), {
                "X-Auth-Token": "larder_hook", "Content-Type": "application/json", "OpenStack-API-Version": "larder 1.1"})
        assert connection.getresponse().status == 204


def part_check():
    version = subprocess.run([f"{PROGRAMS}/larderd", "--version"], text=True, capture_output=True, check=True).stdout.split()[1]
    daemon = begin()
    expect_finding("hooks", "warning", "nova has not told of its hook")
    tell_of_hooks(version)
    code, found = checked()
    assert code == 0 and {word for word, _ in found.values()} == {"ok"}, found
    expect_finding("keystone clock", "warning", "ahead of this machine's.*NTP", skew=10)
    expect_finding("keystone clock", "FAILED", "behind this machine's", skew=-100)
    expect_finding("role of the hooks", "warning", "role create larder_hook", hook_role="other")
    expect_finding("role of the hooks", "warning", "nobody has the role", bearers="-")
    expect_finding("role of the hooks", "warning", "nova has the role larder_hook and the role service", bearers="hooks,nova")
    expect_finding("project of pools", "warning", "mallory has the role admin in project larder", holders="larder,mallory")
    expect_finding("configuration", "FAILED", "workers", "bootstrap.workers=many")
    expect_finding("connections", "warning", "insecure", "keystone.insecure=true")
    expect_finding("connections", "warning", "auth_url is http", "keystone.auth_url=http://keystone.example.org/v3")
    expect_finding("connections", "warning", r"\[database\]", "database.connection=mysql://u:p@db.example.org/larder",
                   "database.connect_timeout=1")
    expect_finding("transfer key", "FAILED", "nowhere", "bootstrap.key_file=/nowhere")
    CLOUD.say("fault 403 9 os-services")
    expect_finding("cinder, as admin", "FAILED", "role admin in project larder")
    CLOUD.say("heal")
    tell_of_hooks(version, cinder="volume:accept_transfer is not allowed")
    expect_finding("hooks", "warning", "cinder on controller: volume:accept_transfer")
    tell_of_hooks("0.0.9")
    expect_finding("hooks", "warning", "has version 0.0.9")
    daemon.stop()
    tell = checked()[1]["daemons"]
    assert tell[0] == "warning" and "no larderd runs" in tell[1], tell


# ---------------------------------------------------------------- reload and drain

def part_reload():
    daemon = begin()
    shutil.move(daemon.log, f"{daemon.log}.1")
    write_conf("DEFAULT.debug=true", "bootstrap.workers=3", "bootstrap.ceiling_all=1")
    daemon.hang_up()
    wait_until(lambda: daemon.log.exists() and daemon.says("configuration read again"), "the log was opened anew")
    wait_until(lambda: daemon.says("[bootstrap] workers has changed: it holds after a restart"), "what needs a restart is told")
    daemon.get("/v1/pools", "admin")
    wait_until(lambda: daemon.says(" DEBUG "), "debug messages")
    pools = make_pools(3)
    wait_until(lambda: sum(ready(daemon, pool) for pool in pools) == 1, "the new ceiling holds")
    write_conf("bootstrap.ceiling_all=nothing")
    daemon.hang_up()
    wait_until(lambda: daemon.says("the configuration stays as it was"), "a bad file is refused")
    assert sum(ready(daemon, pool) for pool in pools) == 1 and daemon.healthy()
    write_conf("bootstrap.ceiling_all=100")
    daemon.hang_up()
    wait_until(lambda: all(ready(daemon, pool) == 3 for pool in pools), "the good one is taken")
    daemon.stop()


def part_drain():
    """While items are being made and a request is half sent; afterwards it goes on where it was."""
    daemon = begin()
    CLOUD.say("set polls 6")
    pools = make_pools(8)
    wait_until(lambda: CLOUD.count("volumes") > 2, "volumes are being made")
    with socket.create_connection(("127.0.0.1", PORT), 5) as half:
        body = json.dumps({"pool": {"floor": 5}}).encode()
        half.sendall(f"PATCH /v1/pools/{pools[0]} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin\r\nContent-Type: application/json\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
        time.sleep(0.2)
        daemon.process.terminate()
        time.sleep(0.5)
        half.sendall(body[5:])
        assert half.recv(100).startswith(b"HTTP/1.1 200 "), "a request that has begun is answered"
    assert daemon.process.wait(40) == 0
    assert daemon.says("larderd stops: steps under way are finished")
    made = CLOUD.count("ports"), CLOUD.count("volumes")
    CLOUD.say("set polls 1")
    daemon = Daemon()
    wait_until(lambda: ready(daemon, pools[0]) >= 5 and ready(daemon, pools[1]) == 8, "the pools are filled")
    wait_until(lambda: CLOUD.count("volumes") == 8 and CLOUD.count("ports") <= 8, "nothing was made twice")
    assert made[0] <= 8 and made[1] <= 8, made
    daemon.process.terminate()
    daemon.process.terminate()
    daemon.process.wait(40)


# ---------------------------------------------------------------- remove

def part_remove():
    daemon = begin()
    pools = make_pools(4)
    wait_until(lambda: all(ready(daemon, pool) == 4 for pool in pools), "the pools are filled")
    assert manage("remove").returncode == 1 and manage("check", "--yes").returncode == 1
    told = manage("remove", "--dry-run")
    assert told.returncode == 0 and "8 items in 2 pools would be removed" in told.stdout, told
    assert "LarderFilter" in told.stdout and CLOUD.count("ports") == CLOUD.count("volumes") == 4, told
    stranger = CLOUD.say("add-port nobody compute:nova")
    orphan = CLOUD.say("add-port " + str(uuid.uuid4()))
    done = manage("remove", "--yes")       # while larderd runs
    assert done.returncode == 1 and f"left in the cloud: port {stranger}" in done.stdout, done
    assert "which Larder did not make" in done.stdout and orphan not in done.stdout, done
    CLOUD.say("drop " + stranger)
    assert CLOUD.count("ports") == CLOUD.count("volumes") == CLOUD.count("transfers") == 0
    time.sleep(2.5)
    assert CLOUD.count("ports") == CLOUD.count("volumes") == 0, "larderd puts nothing back"
    daemon.send("PATCH", f"/v1/pools/{pools[1]}", {"pool": {"floor": 2, "state": "active"}}, "admin")
    wait_until(lambda: ready(daemon, pools[1]) == 2, "an operator may change his mind")
    daemon.stop()
    done = manage("remove", "--yes")       # and while none does
    assert done.returncode == 0 and "holds no port and no volume" in done.stdout, done
    assert CLOUD.count("ports") == CLOUD.count("volumes") == CLOUD.count("transfers") == 0
    assert manage("remove", "--yes").returncode == 0, "once more does no harm"


# ---------------------------------------------------------------- secrets

def readable_by_others(path):
    return stat.S_IMODE(path.stat().st_mode) & 0o077


def part_secrets():
    """Secrets that were planted: passwords of database, bus and Keystone, tokens, transfer keys, the sealing key."""
    token = "admin"
    password = re.search(r"//[^:]*:([^@]*)@", DATABASE)[1]
    daemon = begin("DEFAULT.debug=true", f"listener.transport_url=rabbit://larder:{MARK}@127.0.0.1:1/",
                   "DEFAULT.roles=api,worker,listener")
    pools = make_pools(2)
    wait_until(lambda: ready(daemon, pools[1]) == 2, "a volume is offered")
    seal = pathlib.Path(DIRECTORY, "key").read_bytes()
    secrets = [MARK.encode(), password.encode(), seal.strip()]
    shown = [daemon.get(path, token)[1].encode() for path in (
        "/metrics", "/", "/v1/items", f"/v1/pools/{pools[1]}", "/v1/members", "/healthcheck", "/v1/nothing")]
    item = json.loads(shown[2])["items"][0]["id"]
    shown.append(daemon.get(f"/v1/items/{item}", token)[1].encode())
    forged = "gAAAAAB-" + MARK
    shown.append(daemon.get("/v1/pools", forged)[1].encode())
    CLOUD.say("fault 500 3 .*")
    daemon.get("/v1/pools", "reader")
    CLOUD.say("heal")
    for words in (("check",), ("remove", "--dry-run"), ("db", "version"), ("import", "csv", "/nonexistent")):
        done = manage(*words)
        shown += [done.stdout.encode(), done.stderr.encode()]
    shown.append(subprocess.run([f"{PROGRAMS}/larderd", "--config-file", f"{DIRECTORY}/larder.conf", "--check-config"],
                                capture_output=True, check=True).stdout)
    process = pathlib.Path("/proc", str(daemon.process.pid))
    shown += [(process / "cmdline").read_bytes(), daemon.log.read_bytes(), (process / "comm").read_bytes()]
    try:
        shown.append((process / "environ").read_bytes())
    except PermissionError:
        pass
    keys = [CLOUD.say(f"key {transfer}").encode() for transfer in transfer_ids(daemon)]
    assert keys
    for secret in secrets + keys:
        for text in shown:
            assert secret not in text, (secret, text[max(0, text.find(secret) - 200):text.find(secret) + 100])
    assert forged.encode() not in daemon.log.read_bytes()
    assert not readable_by_others(pathlib.Path(DIRECTORY, "key"))
    no_core(daemon, process)
    no_open_files(daemon)


def transfer_ids(daemon):
    """Of the volumes that are ready; an operator does not see them, so the cloud is asked."""
    connection = http.client.HTTPConnection(CLOUD.url.split("//")[1], timeout=10)
    connection.request("GET", "/volume/v3/x/volume-transfers")
    return [row["id"] for row in json.loads(connection.getresponse().read())["transfers"]]


def no_core(daemon, process):
    """A crash leaves no memory behind: the limit is 0 and, but in a build with sanitizers, others may not look at it."""
    limits = (process / "limits").read_text(encoding="utf-8")
    assert re.search(r"Max core file size +0 +0 ", limits), limits
    sanitized = b"libasan" in (process / "maps").read_bytes() if os.access(process / "maps", os.R_OK) else False
    owner = os.stat(process / "environ").st_uid
    assert sanitized or owner == 0, "PR_SET_DUMPABLE makes /proc/PID the superuser's"
    daemon.process.send_signal(signal.SIGABRT)
    daemon.process.wait(30)
    assert not list(pathlib.Path(DIRECTORY).glob("core*"))


def no_open_files(daemon):
    """A file with secrets that others can read is refused."""
    for name, mode in (("larder.conf", 0o644), ("key", 0o644)):
        path = pathlib.Path(DIRECTORY, name)
        path.chmod(mode)
        done = subprocess.run([f"{PROGRAMS}/larderd", "--config-file", f"{DIRECTORY}/larder.conf"], capture_output=True, text=True,
                              timeout=30)
        path.chmod(0o600)
        said = done.stderr + daemon.log.read_text(encoding="utf-8")
        assert done.returncode != 0 and name in said and "chmod" in said, (name, done, said[-500:])


{"check": part_check, "reload": part_reload, "drain": part_drain, "remove": part_remove, "secrets": part_secrets}[PART]()
