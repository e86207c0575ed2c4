# SPDX-License-Identifier: Apache-2.0
"""Whatever may go wrong in a request, sent to every route of the table."""

import json
import os
import random
import sys
import urllib.parse
import uuid

from api_client import (ROUTES, Boot, Client, alive, expect, make_tokens, new_id, raw,
                        some_path)


def good_bodies(route):
    """Bodies that the route takes, to be spoilt."""
    boot = Boot()
    return {
        "PUT /v1/tiers": [{"tier": {"tier": "guaranteed", "pool_id": None, "flavor_id": "m1",
                                    "project_id": boot.project_id, "service_level": 0.99}}],
        "POST /v1/claims": [boot.claim()],
        "POST /v1/events": [{"event": {"name": "x", "begin_at": "2026-01-31T06:00:00Z",
                                       "end_at": "2026-01-31T07:00:00Z",
                                       "recurrence": "FREQ=DAILY;COUNT=2", "project_id": None,
                                       "flavor_id": "m1", "series_id": None}}],
        "POST /v1/adoptions": [boot.adoption("port"), boot.adoption("volume")],
        "PATCH /v1/adoptions/{id}": [{"adoption": {"state": "done", "reason": "x"}}],
        "POST /v1/hooks": [{"hook": {"service": "nova", "host": "h", "version": "1", "problem": None}}],
        "POST /v1/yields": [{"yield": {"network_id": new_id(), "port_ids": [new_id(), new_id()],
                                       "reason": "network"}}],
        "POST /v1/demand": [boot.demand("port"), boot.demand("volume")],
        "POST /v1/pools": [{"pool": {"image_id": new_id(), "aggregate_id": 1, "floor": 1}}],
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
                text.replace(b': "', b': "\xff'), b'{"\xff": 1}', b'{"\\ud800": 1}',
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
    chunks = iter([b" " * 1000] * 100)
    expect(client.send(route["method"], target, chunks), 413, "too-large")
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
        target = some_path(path) + "?" + urllib.parse.quote(query, safe="=&%;?#[]|")
        refused(client.send(method, target, body), target.encode())
    for bad in BAD_IDS if "{" in path else ():
        target = path.replace("{id}", bad).replace("{number}", bad)
        expect(client.send(method, target, body), 400, "bad-id")
    if not route["body"] and method != "HEAD":
        expect(client.send(method, some_path(path), b"{}"), 400, "bad-request")


def hostile_wire(route, token):
    """What no client library would send."""
    target = some_path(route["path"])
    head = (f"{route['method']} {target} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {token}\r\n"
            "OpenStack-API-Version: larder 1.1\r\nContent-Type: application/json\r\n").encode()
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
        good = route["method"] in ("GET", "HEAD")
        assert status is None or 400 <= status < 600 and status != 500 or good, (
            f"{data[:200]!r} got {status}")


def hostile():
    tokens = make_tokens()
    by_access = {"open": None, "metrics": None, "hook": tokens["larder_hook"], "read": tokens["admin"],
                 "admin": tokens["admin"]}
    for route in ROUTES:
        client = Client(by_access[route["access"]])
        count = 0
        if route["body"]:
            count = hostile_bodies(client, route, some_path(route["path"]))
        hostile_targets(client, route)
        hostile_wire(route, client.token)
        alive()
        print(f"{route['method']} {route['path']}: lives; {count} bodies refused", file=sys.stderr)
