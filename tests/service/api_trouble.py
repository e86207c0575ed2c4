# SPDX-License-Identifier: Apache-2.0
"""Slow clients, outages of the servers behind, slowness of Keystone, and TLS."""

import contextlib
import http.client
import os
import pathlib
import signal
import socket
import ssl
import sys
import threading
import time
import warnings

from api_client import (PORT, ROUTES, Boot, Client, Keystone, alive, expect, make_tokens, raw,
                        some_path)


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
        except OSError:
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


# ---------------------------------------------------------------- Keystone stands still

KEPT = 8.0  # seconds for which test_api's server keeps what Keystone says of a token


def signal_keystone(number):
    main = os.environ["LARDER_TEST_KEYSTONE_PID"]
    workers = pathlib.Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii").split()
    assert len(workers) >= 2, workers
    for pid in (main, *workers):
        os.kill(int(pid), number)


@contextlib.contextmanager
def stopped_keystone():
    signal_keystone(signal.SIGSTOP)
    try:
        yield
    finally:
        signal_keystone(signal.SIGCONT)


def claim_at_once(token):
    """As a hook does: it does not wait for Keystone, which would take seconds."""
    began = time.monotonic()
    expect(Client(token).post("/v1/claims", Boot().claim()), 201)
    took = time.monotonic() - began
    assert took < 1, f"a claim took {took:.2f} s"


def fresh_in_the_background(token):
    """A token stays known without being used; that holds again when Keystone was away."""
    expect(Client(token).get("/v1/hook"), 200)
    time.sleep(KEPT + 1)
    with stopped_keystone():
        claim_at_once(token)
        time.sleep(KEPT / 4)
        claim_at_once(token)
        time.sleep(KEPT)
        began = time.monotonic()
        expect(Client(token).post("/v1/claims", Boot().claim()), 503, "unavailable")
        assert time.monotonic() - began > 1, "nobody asked Keystone"
    Keystone()  # it has answered what was asked meanwhile
    time.sleep(KEPT / 2 + 1)
    with stopped_keystone():
        claim_at_once(token)


def fresh_until_revoked(token):
    """Though it is used all the time."""
    client = Client(token)
    expect(client.get("/v1/hook"), 200)
    Keystone().call("DELETE", "/auth/tokens", subject=token)
    began = time.monotonic()
    while client.get("/v1/hook").status == 200:
        assert time.monotonic() - began < KEPT, "a revoked token still works"
        time.sleep(0.1)
    print(f"a revoked token was refused after {time.monotonic() - began:.1f} s", file=sys.stderr)
    expect(client.get("/v1/hook"), 401, "unauthorized")


def fresh():
    token = make_tokens()["larder_hook"]
    fresh_in_the_background(token)
    fresh_until_revoked(token)
    alive()


# ---------------------------------------------------------------- outages and TLS

def outage():
    """Neither MariaDB nor Keystone is there."""
    client = Client("gAAAAAB" + "x" * 180)
    answer = client.get("/healthcheck", Accept="application/json")
    assert answer.status == 503 and answer.json["reasons"] != ["OK"], answer
    assert client.get("/healthcheck").body.startswith(b"The database"), answer
    assert client.send("HEAD", "/healthcheck").status == 503
    for route in ROUTES:
        if route["access"] not in ("open", "metrics"):
            answer = client.send(route["method"], some_path(route["path"]),
                                 b"{}" if route["body"] else None)
            expect(answer, 503, "unavailable")
            assert int(answer.headers["Retry-After"]) > 0
    assert Client().get("/").status == 200
    assert b"\nlarder_database_up 0\n" in Client().get("/metrics").body


def tls():
    trusted = ssl.create_default_context(cafile=os.environ["LARDER_TEST_CERTIFICATE"])
    client = Client()
    client.connection = http.client.HTTPSConnection("127.0.0.1", PORT, timeout=20, context=trusted)
    links = expect(client.get("/"), 200)["versions"][0]["links"]
    assert links[0]["href"] == f"https://127.0.0.1:{PORT}/v1"
    assert client.get("/healthcheck").body == b"OK"
    expect(client.get("/metrics"), 401, "unauthorized")  # others reach this port
    assert client.connection.sock.version() in ("TLSv1.2", "TLSv1.3")
    old = ssl.create_default_context(cafile=os.environ["LARDER_TEST_CERTIFICATE"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        http.client.HTTPSConnection("127.0.0.1", PORT, timeout=20, context=old).connect()
    except OSError:
        pass
    else:
        raise AssertionError("TLS 1.1 is spoken")
    assert raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") is None, "it answers in the clear"
