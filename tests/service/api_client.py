# SPDX-License-Identifier: Apache-2.0
"""What the parts of api.py share: users in Keystone, requests, and the bodies of a boot.

test_api tells the port and the route table on standard input, and takes orders on descriptor 3.
"""

import http.client
import json
import os
import re
import socket
import sys
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


def some_path(path):
    """A route's path with an id that nothing has."""
    return path.replace("{id}", new_id()).replace("{number}", "999999999")


def new_request():
    return "req-" + new_id()


# ---------------------------------------------------------------- Keystone

class Keystone:
    def __init__(self):
        self.domain = "default"
        self.token = self.login("admin", "admin")

    def call(self, method, path, body=None, token=None, subject=None):
        headers = {"Content-Type": "application/json"}
        if token or subject or path != "/auth/tokens":
            headers["X-Auth-Token"] = token or self.token
        if subject:
            headers["X-Subject-Token"] = subject
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
        is_json = body and headers.get("Content-Type") == "application/json"
        self.json = json.loads(body) if is_json else None

    @property
    def code(self):
        return self.json["errors"][0]["code"]

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


def check(answer, method):
    """What holds for every answer."""
    headers = answer.headers
    assert REQUEST_ID.match(headers["x-openstack-request-id"]), answer
    assert headers["OpenStack-API-Version"] == "larder 1.1", answer
    assert headers["Vary"] == "OpenStack-API-Version", answer
    if answer.status < 400 or method == "HEAD":
        return answer
    if answer.json is None or "reasons" in answer.json:  # health has a form of its own
        assert answer.status == 503, answer
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
        headers.setdefault("OpenStack-API-Version", "larder latest")
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

    def put(self, target, body, **headers):
        return self.send("PUT", target, body, **headers)


def expect(answer, status, code=None):
    assert answer.status == status, f"{status} expected: {answer}"
    if code:
        assert answer.code == "larder." + code, f"{code} expected: {answer}"
    return answer.json


def alive():
    answer = Client().get("/healthcheck")
    assert (answer.status, answer.body) == (200, b"OK"), answer


def raw(data, wait=10, end=True):
    """Sends bytes as they are; the answer's status, or None when there was none."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=wait) as connection:
        try:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65536)
        except OSError:
            return None
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(found.group(1)) if found else None


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
        return {"demand": self.who(kind=kind, instance_id=new_id(), resource_id=new_id(), reason="no-claim", seconds=1.5,
                                   resolved=resolved, **{kind: getattr(self, kind)}) | more}
