#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The clients of test_api.c: every route with good requests, every role, and whatever may go wrong.

Started by test_api, which tells the port and the route table on standard input and takes orders on
descriptor 3. Users and roles are made in the Keystone at LARDER_TEST_KEYSTONE.
"""

import http.client
import json
import os
import random
import re
import socket
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

KEYSTONE = os.environ["LARDER_TEST_KEYSTONE"]
PASSWORD = os.environ["LARDER_TEST_PASSWORD"]
ORDERS = os.fdopen(3, "w")
SETUP = json.loads(sys.stdin.readline())
PORT, ROUTES = SETUP["port"], SETUP["routes"]
with open(SETUP["doc"], encoding="utf-8") as file:
    CODES = set(re.findall(r"`(larder\.[a-z-]+)` \| (\d+)", file.read()))
REQUEST_ID = re.compile(r"^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def order(text):
    """Asks test_api for something; the answer is how often the workers were woken so far."""
    print(text, file=ORDERS, flush=True)
    return int(sys.stdin.readline())


def new_id():
    return str(uuid.uuid4())


def new_request():
    return "req-" + new_id()


# ---------------------------------------------------------------- Keystone

class Keystone:
    def __init__(self):
        self.domain = "default"
        self.token = self.login("admin", "admin")

    def call(self, method, path, body=None, token=None):
        headers = {"Content-Type": "application/json"}
        if token or path != "/auth/tokens":
            headers["X-Auth-Token"] = token or self.token
        request = urllib.request.Request(
            KEYSTONE + path, method=method, headers=headers,
            data=json.dumps(body).encode() if body is not None else None)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return json.loads(text) if text else None, answer.headers

    def login(self, user, project):
        scope = {"system": {"all": True}} if project is None else {
            "project": {"name": project, "domain": {"id": self.domain}}}
        body = {"auth": {"scope": scope, "identity": {"methods": ["password"], "password": {
            "user": {"name": user, "domain": {"id": self.domain}, "password": PASSWORD}}}}}
        return self.call("POST", "/auth/tokens", body)[1]["X-Subject-Token"]

    def ensure(self, kind, name, **more):
        found, _ = self.call("GET", f"/{kind}s?name={urllib.parse.quote(name)}")
        if found[kind + "s"]:
            return found[kind + "s"][0]["id"]
        return self.call("POST", f"/{kind}s", {kind: {"name": name, **more}})[0][kind]["id"]

    def user(self, name, project, role):
        """The token of a user who has just this role in the project."""
        ids = [self.ensure("project", project), self.ensure("user", name, password=PASSWORD),
               self.ensure("role", role)]
        self.call("PUT", "/projects/{}/users/{}/roles/{}".format(*ids))
        return self.login(name, project)


def make_tokens():
    keystone = Keystone()
    keystone.user("larder", "larder", "admin")
    tokens = {role: keystone.user(name, project, role) for name, project, role in (
        ("larder-hook", "service", "larder_hook"), ("nova", "service", "service"),
        ("member", "tenant", "member"), ("manager", "tenant", "manager"))}
    tokens["admin"] = keystone.token
    tokens["reader"] = keystone.user("reader", "larder", "reader")
    tokens["tenant reader"] = keystone.user("tenant-reader", "tenant", "reader")
    tokens["system admin"] = keystone.login("admin", None)
    return tokens


# ---------------------------------------------------------------- one request

class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.json = json.loads(body) if headers.get("Content-Type") == "application/json" else None

    @property
    def code(self):
        return self.json["errors"][0]["code"]

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


def check(answer, method):
    """What holds for every answer."""
    headers = answer.headers
    assert REQUEST_ID.match(headers["x-openstack-request-id"]), answer
    assert headers["OpenStack-API-Version"] == "larder 1.0", answer
    assert headers["Vary"] == "OpenStack-API-Version", answer
    if answer.status < 400 or method == "HEAD":
        return answer
    if answer.status == 503 and answer.json is None:
        return answer
    (error,) = answer.json["errors"]
    assert set(error) >= {"request_id", "code", "status", "title", "detail", "links"}, answer
    assert error["request_id"] == headers["x-openstack-request-id"], answer
    assert error["status"] == answer.status and len(error["detail"]) > 10, answer
    assert (error["code"], str(answer.status)) in CODES, f"{error['code']} is not in doc/api.md"
    assert ("WWW-Authenticate" in headers) == (answer.status == 401), answer
    return answer


class Client:
    """A connection that is kept."""

    def __init__(self, token=None):
        self.token = token
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)

    def send(self, method, target, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            headers.setdefault("X-Auth-Token", self.token)
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        self.connection.request(method, target, body=body, headers=headers)
        answer = self.connection.getresponse()
        return check(Answer(answer.status, answer.headers, answer.read()), method)

    def get(self, target, **headers):
        return self.send("GET", target, **headers)

    def post(self, target, body, **headers):
        return self.send("POST", target, body, **headers)

    def patch(self, target, body, **headers):
        return self.send("PATCH", target, body, **headers)


def expect(answer, status, code=None):
    assert answer.status == status, f"{status} expected: {answer}"
    if code:
        assert answer.code == "larder." + code, f"{code} expected: {answer}"
    return answer.json


def alive():
    answer = Client().get("/healthcheck")
    assert (answer.status, answer.body) == (200, b"OK"), answer


# ---------------------------------------------------------------- bodies

class Boot:
    """What one boot asks for, as bodies of the requests that the hooks make."""

    def __init__(self):
        self.request_id, self.project_id = new_request(), uuid.uuid4().hex
        self.port = {"network_id": new_id(), "security_groups": [new_id(), new_id()]}
        self.volume = {"image_id": new_id(), "size": 10, "volume_type": None,
                       "availability_zone": None}

    def again(self):
        self.request_id = new_request()
        return self

    def who(self, **more):
        return {"request_id": self.request_id, "project_id": self.project_id, **more}

    def claim(self, **more):
        return {"claim": self.who(image_id=None, flavor_id="m1", availability_zone=None, servers=1,
                                  ports=[{**self.port, "count": 1}],
                                  volumes=[{**self.volume, "count": 1}]) | more}

    def adoption(self, kind):
        more = {"instance_id": new_id()} if kind == "port" else {}
        return {"adoption": self.who(kind=kind, **more, **{kind: getattr(self, kind)})}

    def demand(self, kind, **more):
        resolved = {"security_groups": self.port["security_groups"]} if kind == "port" else {
            "volume_type_id": new_id(), "availability_zone": "nova"}
        return {"demand": self.who(kind=kind, instance_id=new_id(), reason="no-claim", seconds=1.5,
                                   resolved=resolved, **{kind: getattr(self, kind)}) | more}


# ---------------------------------------------------------------- every route does its work

def work_discovery(_):
    client = Client()
    listed = expect(client.get("/"), 200)["versions"]
    assert [v["status"] for v in listed] == ["CURRENT"]
    shown = expect(client.get("/v1"), 200)["version"]
    assert shown == listed[0] and shown == expect(client.get("/v1/"), 200)["version"]
    assert shown["links"][0] == {"rel": "self", "href": f"http://127.0.0.1:{PORT}/v1"}
    alive()
    healthy = expect(client.get("/healthcheck", Accept="application/json"), 200)
    assert healthy == {"detailed": False, "reasons": ["OK"]}
    assert client.send("HEAD", "/healthcheck").status == 204


def learn(hook, boot, kind):
    before = order("wakes")
    pool = expect(hook.post("/v1/demand", boot.demand(kind)), 202)["demand"]["pool_id"]
    assert pool and order("wakes") == before + 1
    return pool


def work_demand(tokens):
    hook, admin = Client(tokens["larder_hook"]), Client(tokens["admin"])
    boot = Boot()
    pool = learn(hook, boot, "port")
    again = expect(hook.post("/v1/demand", boot.again().demand("port", resolved=None)), 202)
    assert again["demand"]["pool_id"] == pool
    for reason in ("off", "not-eligible:fixed-ips"):
        body = boot.again().demand("port", resolved=None, port=None, reason=reason)
        assert expect(hook.post("/v1/demand", body), 202)["demand"]["pool_id"] is None
    rows = expect(admin.get(f"/v1/demand?project_id={boot.project_id}"), 200)["demand"]
    assert [row["pool_id"] for row in rows] == [None, None, pool, pool], rows
    assert {row["outcome"] for row in rows} == {"miss"} and rows[3]["seconds"] == 1.5
    assert rows[0]["reason"] == "not-eligible:fixed-ips"
    assert len(expect(admin.get(f"/v1/demand?pool_id={pool}"), 200)["demand"]) == 2
    page = expect(admin.get(f"/v1/demand?project_id={boot.project_id}&limit=3"), 200)
    rest = expect(admin.get(page["links"][0]["href"]), 200)
    assert page["demand"] + rest["demand"] == rows and rest["links"] == []


def work_pools(tokens):
    hook, admin, reader = (Client(tokens[t]) for t in ("larder_hook", "admin", "reader"))
    port, volume = Boot(), Boot()
    ids = {learn(hook, port, "port"), learn(hook, volume, "volume")}
    listed = expect(reader.get("/v1/pools"), 200)["pools"]
    assert ids <= {pool["id"] for pool in listed}
    (pool,) = expect(reader.get(f"/v1/pools?project_id={port.project_id}"), 200)["pools"]
    assert pool["kind"] == "port" and pool["key"]["network_id"] == port.port["network_id"]
    assert pool["key"]["security_groups"] == sorted(port.port["security_groups"])
    assert expect(reader.get(f"/v1/pools/{pool['id'].upper()}"), 200)["pool"] == pool
    changed = expect(admin.patch(f"/v1/pools/{pool['id']}",
                                 {"pool": {"floor": 3, "ceiling": 7, "state": "paused"}}), 200)
    assert changed["pool"]["floor"] == 3 and changed["pool"]["goal"] == 0, changed
    changed = expect(admin.patch(f"/v1/pools/{pool['id']}", {"pool": {"state": "active"}}), 200)
    assert changed["pool"]["goal"] == 3 and changed["pool"]["ceiling"] == 7
    expect(admin.patch(f"/v1/pools/{pool['id']}", {"pool": {"floor": 8}}), 400, "bad-request")
    expect(admin.get(f"/v1/pools/{new_id()}"), 404, "not-found")
    expect(admin.patch(f"/v1/pools/{new_id()}", {"pool": {"floor": 1}}), 404, "not-found")
    for kind in ("port", "volume"):
        kinds = {p["kind"] for p in expect(admin.get("/v1/pools?kind=" + kind), 200)["pools"]}
        assert kinds == {kind}
    assert walk(admin, "pools", 1) == walk(admin, "pools", 1000)


def walk(client, what, limit):
    """All rows, page by page."""
    rows, target = [], f"/v1/{what}?limit={limit}"
    while target:
        page = expect(client.get(target), 200)
        assert len(page[what]) <= limit
        rows += [row["id"] for row in page[what]]
        target = page["links"][0]["href"] if page["links"] else None
    assert len(rows) == len(set(rows))
    return rows


def stocked(hook, kinds, count=2):
    boot = Boot()
    pools = {kind: learn(hook, boot, kind) for kind in kinds}
    for pool in pools.values():
        order(f"stock {pool} {count}")
    boot.again()
    return boot, pools


def work_claims_and_adoptions(tokens):
    hook, admin = Client(tokens["larder_hook"]), Client(tokens["admin"])
    boot, pools = stocked(hook, ("port", "volume"))
    claim = expect(hook.post("/v1/claims", boot.claim()), 201)["claim"]
    assert [(line["kind"], line["set_aside"]) for line in claim["lines"]] == [
        ("port", 1), ("volume", 1)], claim
    assert claim["state"] == "open" and claim["warm_hosts"] == []
    assert expect(hook.post("/v1/claims", boot.claim()), 200)["claim"]["id"] == claim["id"]
    for kind in ("port", "volume"):
        adopt_one(hook, admin, boot, kind, pools[kind], claim["id"])
        expect(hook.post("/v1/adoptions", boot.adoption(kind)), 409, "no-right")
    shown = expect(admin.get(f"/v1/claims/{claim['id']}"), 200)["claim"]
    assert shown["state"] == "settled" and [x["taken"] for x in shown["lines"]] == [1, 1], shown
    listed = expect(admin.get(f"/v1/claims?project_id={boot.project_id}&state=settled"), 200)
    assert listed["claims"] == [shown]
    assert expect(admin.get(f"/v1/claims?project_id={boot.project_id}&state=open"), 200)[
        "claims"] == []
    for what in ("claims", "adoptions", "items"):
        assert walk(admin, what, 1) == walk(admin, what, 1000)
        expect(admin.get(f"/v1/{what}/{new_id()}"), 404, "not-found")


def adopt_one(hook, admin, boot, kind, pool, claim):
    wakes = order("wakes")
    adopted = expect(hook.post("/v1/adoptions", boot.adoption(kind)), 201)["adoption"]
    assert adopted["state"] == "begun" and adopted["fingerprint"] == "print", adopted
    assert (adopted["pool_id"], adopted["claim_id"]) == (pool, claim)
    assert adopted["auth_key"] == ("secret" if kind == "volume" else None)
    assert bool(adopted["transfer_id"]) == (kind == "volume")
    assert order("wakes") == wakes + 1
    path = f"/v1/adoptions/{adopted['id']}"
    shown = expect(admin.get(path), 200)["adoption"]
    secret = {"fingerprint", "transfer_id", "auth_key"}
    assert shown == {k: v for k, v in adopted.items() if k not in secret}
    done = {"adoption": {"state": "done", "reason": None}}
    assert expect(hook.patch(path, done), 200)["adoption"]["state"] == "done"
    expect(hook.patch(path, done), 200)
    expect(hook.patch(path, {"adoption": {"state": "failed", "reason": "x"}}), 409, "conflict")
    check_item(admin, adopted, boot)


def check_item(admin, adopted, boot):
    answer = admin.get(f"/v1/items/{adopted['item_id']}")
    item = expect(answer, 200)["item"]
    assert item["state"] == "adopted" and item["project_id"] == boot.project_id, item
    assert item["instance_id"] == adopted["instance_id"]
    assert [e["to"] for e in item["history"]][-1:] == ["adopted"] and len(item["history"]) > 3
    assert b"secret" not in answer.body and b"transfer" not in answer.body
    listed = expect(admin.get(f"/v1/items?pool_id={adopted['pool_id']}&state=adopted"), 200)
    assert [row["id"] for row in listed["items"]] == [item["id"]]


def work_misses(tokens):
    hook, admin = Client(tokens["larder_hook"]), Client(tokens["admin"])
    boot, pools = stocked(hook, ("port",), 1)
    expect(hook.post("/v1/adoptions", boot.adoption("port")), 409, "no-claim")
    claim = expect(hook.post("/v1/claims", boot.claim(servers=3)), 201)["claim"]
    line, unknown = claim["lines"]
    assert (line["wanted"], line["set_aside"], line["reason"]) == (3, 1, "no-item"), claim
    assert (unknown["wanted"], unknown["pool_id"], unknown["reason"]) == (3, None, "no-pool")
    other = Boot()
    other.request_id, other.project_id = boot.request_id, boot.project_id
    expect(hook.post("/v1/adoptions", other.adoption("port")), 409, "no-right")
    stranger = boot.adoption("port")
    stranger["adoption"]["project_id"] = uuid.uuid4().hex
    expect(hook.post("/v1/adoptions", stranger), 409, "no-claim")
    path = "/v1/adoptions/" + expect(hook.post("/v1/adoptions", boot.adoption("port")), 201)[
        "adoption"]["id"]
    expect(hook.post("/v1/adoptions", boot.adoption("port")), 409, "no-item")
    back = expect(hook.patch(path, {"adoption": {"state": "returned", "reason": "no reason"}}), 200)
    assert back["adoption"]["reason"] == "no reason" and back["adoption"]["finished_at"]
    expect(admin.patch(f"/v1/pools/{pools['port']}", {"pool": {"state": "draining"}}), 200)
    expect(hook.post("/v1/adoptions", boot.adoption("port")), 409, "draining")


def work_versions(tokens):
    admin = Client(tokens["admin"])
    for version in ("larder 1.0", "larder latest", "compute 2.1, larder 1.0", "compute 2.96"):
        expect(admin.get("/v1/pools", OpenStack_API_Version=version), 200)
    error = expect(admin.get("/v1/pools", OpenStack_API_Version="larder 1.1"), 406,
                   "version-not-available")["errors"][0]
    assert (error["min_version"], error["max_version"]) == ("1.0", "1.0")
    expect(admin.get("/v1/pools", OpenStack_API_Version="larder"), 400, "bad-version")
    expect(admin.get("/v1/nothing"), 404, "not-found")
    answer = admin.send("DELETE", "/v1/pools/" + new_id())
    expect(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, PATCH"


def work_speed(tokens):
    """Claims and adoptions over a kept connection; the hooks have 100 ms for everything."""
    hook = Client(tokens["larder_hook"])
    boot, _ = stocked(hook, ("port", "volume"), 60)
    times = {"claim": [], "adoption": []}
    for _ in range(50):
        boot.again()
        for kind, target, body in (("claim", "/v1/claims", boot.claim()),
                                   ("adoption", "/v1/adoptions", boot.adoption("volume"))):
            began = time.monotonic()
            expect(hook.post(target, body), 201)
            times[kind].append(1000 * (time.monotonic() - began))
    for kind, took in times.items():
        took.sort()
        print(f"{kind}: median {took[25]:.1f} ms, 90th of 100 {took[45]:.1f} ms, "
              f"worst {took[-1]:.1f} ms", file=sys.stderr)
        assert took[25] < 50, f"{kind} takes {took[25]:.1f} ms"


def work():
    tokens = make_tokens()
    for part in (work_discovery, work_demand, work_pools, work_claims_and_adoptions, work_misses,
                 work_versions, work_speed):
        part(tokens)


# ---------------------------------------------------------------- roles

ALLOWED = {"open": None, "hook": {"larder_hook"}, "read": {"admin", "reader"}, "admin": {"admin"}}


def roles():
    tokens = make_tokens() | {"nobody": None, "forged": "gAAAAAB" + "x" * 180, "bad": "a b\tc",
                              "huge": "x" * 9000}
    for route in ROUTES:
        target = route["path"].replace("{id}", new_id())
        for who, token in tokens.items():
            answer = Client(token).send(route["method"], target, b"{}" if route["body"] else None)
            allowed = ALLOWED[route["access"]]
            if allowed is None or who in allowed:
                assert answer.status in (200, 204, 400, 404), f"{who} {route} {answer}"
            elif who in ("nobody", "forged", "bad", "huge"):
                expect(answer, 401, "unauthorized")
            else:
                assert answer.status == 403 and answer.code == "larder.forbidden", (
                    f"{who} {route} {answer}")
    alive()


# ---------------------------------------------------------------- hostile input

def good_bodies(route):
    """Bodies that the route takes, to be spoilt."""
    boot = Boot()
    return {
        "POST /v1/claims": [boot.claim()],
        "POST /v1/adoptions": [boot.adoption("port"), boot.adoption("volume")],
        "PATCH /v1/adoptions/{id}": [{"adoption": {"state": "done", "reason": "x"}}],
        "POST /v1/demand": [boot.demand("port"), boot.demand("volume")],
        "PATCH /v1/pools/{id}": [{"pool": {"floor": 1, "ceiling": 2, "state": "active"}}],
    }[f"{route['method']} {route['path']}"]


WRONG = [0, -1, 1.5, 1e308, 10 ** 400, True, "", "x", "x" * 5000, "\u0000", "é" * 300, [], [[]], {},
         {"a": 1}, [None], ["x"] * 1000, -2 ** 63, 2 ** 64, "req-", "'; DROP TABLE pools; --",
         "00000000-0000-0000-0000-00000000000g", [[[[[[]]]]]]]


def paths_of(value, path=()):
    """The paths to all values within."""
    yield path
    pairs = value.items() if isinstance(value, dict) else (
        enumerate(value) if isinstance(value, list) else ())
    for key, inner in pairs:
        yield from paths_of(inner, path + (key,))


def spoilt(body, path, change):
    copy = json.loads(json.dumps(body))
    place = copy
    for key in path[:-1]:
        place = place[key]
    change(place, path[-1])
    return copy


def setter(value):
    def change(place, key):
        place[key] = value
    return change


def wrong_bodies(body):
    """Every member replaced by what it must not be, removed, and joined by a stranger."""
    for path in paths_of(body):
        if not path:
            continue
        for value in WRONG:
            yield spoilt(body, path, setter(value))
        yield spoilt(body, path, lambda place, key: place.pop(key))
        if isinstance(path[-1], str):
            yield spoilt(body, path, lambda place, key: place.update({"stranger": 1}))


def broken_texts(body):
    text = json.dumps(body).encode()
    for end in range(0, len(text), max(1, len(text) // 40)):
        yield text[:end]
    yield from (text + b"x", text + text, b"\x00" + text, text + b"\x00", b"\xef\xbb\xbf" + text,
                text.replace(b'"', b"'"), b"[" * 40000, b'{"a":' * 10000, b"{" * 65536, b"null",
                b"1", b'"x"', b"[]", b"{}", b" ", b"NaN", b'{"claim": NaN}', b"\xff\xfe\xfd", b"\xc3",
                text.replace(b'"x"', b'"\xff"'), b'{"\xff": 1}', b'{"\\ud800": 1}',
                text.decode().encode("utf-16"), os.urandom(3000), b"%" * 1000, b"<?xml?>",
                b"1" * 60000, b"-" * 60000, b'{"a": 1e99999}')


def refused(answer, what):
    assert 400 <= answer.status < 500, f"{what[:300]!r} got {answer}"


def hostile_bodies(client, route, target):
    """A wrong body is refused; one that is right by chance may lead to nothing (404, 409)."""
    count = 0
    for body in good_bodies(route):
        for text in broken_texts(body):
            refused(client.send(route["method"], target, text), text)
            count += 1
        for wrong in wrong_bodies(body):
            text = json.dumps(wrong).encode()
            answer = client.send(route["method"], target, text)
            assert answer.status < 500, f"{text[:300]!r} got {answer}"
            count += answer.status >= 400
    good = json.dumps(good_bodies(route)[0]).encode()
    for kind in ("text/plain", "", "application/xml", "application/jsonx", "application/json-patch+json"):
        expect(client.send(route["method"], target, good, Content_Type=kind), 415, "not-json")
    expect(client.send(route["method"], target, b" " * 65537), 413, "too-large")
    client.connection.close()
    expect(client.send(route["method"], target, iter([b" " * 1000] * 100),
                       Transfer_Encoding="chunked"), 413, "too-large")
    client.connection.close()
    return count


BAD_QUERIES = ["stranger=1", "limit=0", "limit=-1", "limit=1001", "limit=1e3", "limit=abc", "limit=",
               "limit=99999999999999999999999", "limit=1&limit=2", "marker=x", "marker=%00",
               "marker=" + "a" * 300, "limit=%", "limit=%zz", "limit=1%00", "%ff=1", "limit=%ff", "=",
               "a" * 3000 + "=1", "state=%27%20OR%201=1", "pool_id=..%2f..%2fetc", "kind=\u00e9",
               "limit=1;state=ready", "limit=1#x", "state=ready|gone", "project_id=%2a", "?", "[]"]

BAD_IDS = ["x", "0", "..", "%2e%2e", "%00", "a" * 5000, new_id() + "0", new_id()[:-1], uuid.uuid4().hex,
           "{id}", "'%20OR%201=1", "%ff", new_id().replace("-", "_"), "-1", "1;ls"]


def hostile_targets(client, route):
    method, path = route["method"], route["path"]
    body = json.dumps(good_bodies(route)[0]).encode() if route["body"] else None
    for query in BAD_QUERIES:
        target = path.replace("{id}", new_id()) + "?" + urllib.parse.quote(query, safe="=&%;?#[]|")
        refused(client.send(method, target, body), target.encode())
    for bad in BAD_IDS if "{id}" in path else ():
        expect(client.send(method, path.replace("{id}", bad), body), 400, "bad-id")
    if not route["body"] and method != "HEAD":
        expect(client.send(method, path.replace("{id}", new_id()), b"{}"), 400, "bad-request")


def raw(data, wait=10, end=True):
    """Sends bytes as they are; the answer's status, or None when there was none."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=wait) as connection:
        try:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65536)
        except (ConnectionError, socket.timeout):
            return None
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(found.group(1)) if found else None


def hostile_wire(route, token):
    """What no client library would send."""
    target = route["path"].replace("{id}", new_id())
    head = (f"{route['method']} {target} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {token}\r\n"
            "Content-Type: application/json\r\n").encode()
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    randomly = random.Random(target)
    for data in (
            chunked + b"zzz\r\ngarbage\r\n0\r\n\r\n", chunked + b"ffffffffffffffffffff\r\nx",
            chunked + b"-5\r\nhello\r\n0\r\n\r\n", chunked + b"5\r\nhel", chunked + b"\r\n\r\n\r\n",
            chunked + b"5\r\nhello5\r\nhello", chunked + randomly.randbytes(2000),
            head + b"Content-Length: -1\r\n\r\n", head + b"Content-Length: x\r\n\r\n{}",
            head + b"Content-Length: 99999999999999999999\r\n\r\n{}",
            head + b"Content-Length: 10\r\nContent-Length: 20\r\n\r\n{}",
            head + b"Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            head + b"Content-Length: 1000\r\n\r\n{\"claim\":", head + b"X: " + b"y" * 200000,
            head + b"X\r\n y\r\n: z\r\n\r\n", head + b"X-Auth-Token: second\r\n\r\n",
            head + b"OpenStack-API-Version: larder \xff.0\r\n\r\n", head + b"\x00: \x00\r\n\r\n",
            head + b"".join(b"X-%d: y\r\n" % i for i in range(5000)) + b"\r\n",
            b"GET " + b"/" * 100000 + b" HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00",
            f"{route['method']} {target}\r\n\r\n".encode(), b"\r\n" * 1000, b"\x00" * 1000,
            f"{route['method']} {target} HTTP/9.9\r\n\r\n".encode(), randomly.randbytes(5000),
            f"{'M' * 5000} {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
            f"BREW {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode()):
        status = raw(data)
        good = route["access"] != "hook" and route["method"] in ("GET", "HEAD")
        assert status is None or 400 <= status < 600 and status != 500 or good, (
            f"{data[:200]!r} got {status}")


def hostile():
    tokens = make_tokens()
    by_access = {"open": None, "hook": tokens["larder_hook"], "read": tokens["admin"],
                 "admin": tokens["admin"]}
    for route in ROUTES:
        client = Client(by_access[route["access"]])
        count = 0
        if route["body"]:
            count = hostile_bodies(client, route, route["path"].replace("{id}", new_id()))
        hostile_targets(client, route)
        hostile_wire(route, client.token)
        alive()
        print(f"{route['method']} {route['path']}: lives; {count} bodies refused", file=sys.stderr)


# ---------------------------------------------------------------- the slow

def drip(head, seconds):
    """A byte now and then; how long the server bore it."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", PORT), timeout=10) as connection:
        try:
            while time.monotonic() - began < seconds:
                connection.send(head[:1])
                head = head[1:] or b"x"
                time.sleep(0.2)
        except ConnectionError:
            pass
    return time.monotonic() - began


def slow():
    tokens = make_tokens()
    admin = Client(tokens["admin"])
    held = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(100)]
    for number, connection in enumerate(held):
        connection.send((b"", b"GET /v1/po", b"POST /v1/claims HTTP/1.1\r\nContent-Length: 100\r\n\r\n{",
                         b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")[number % 4])
    took = []
    for _ in range(30):
        began = time.monotonic()
        expect(admin.get("/v1/pools"), 200)
        took.append(time.monotonic() - began)
    assert sorted(took)[15] < 0.1, took
    borne = []
    threads = [threading.Thread(target=lambda head=head: borne.append(drip(head, 12))) for head in (
        b"GET /v1/pools HTTP/1.1\r\nX-Slow: " + b"a" * 1000,
        b"POST /v1/claims HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{" + b" " * 900)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(borne) < 9, f"a slow client was borne for {borne} seconds"
    for connection in held:
        connection.settimeout(5)
        while connection.recv(65536):
            pass
        connection.close()
    alive()


{"work": work, "roles": roles, "hostile": hostile, "slow": slow}[sys.argv[1]]()
