# SPDX-License-Identifier: Apache-2.0
"""Who watches Larder: metrics and members."""

import os
import re

import exposition
from api_client import Boot, Client, alive, expect, make_tokens, new_id, order


def read_metrics(client=None):
    answer = (client or Client()).get("/metrics")
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return exposition.read(answer.body.decode())


def count(families, name, **labels):
    return families[name].total(**labels)


def watch_requests(tokens):
    admin = Client(tokens["admin"])
    before = read_metrics()
    for _ in range(3):
        expect(admin.get("/v1/pools"), 200)
    expect(admin.get("/v1/pools/" + new_id()), 404, "not-found")
    expect(Client().get("/v1/pools"), 401, "unauthorized")
    expect(admin.get("/no/such/path"), 404, "not-found")
    after = read_metrics()
    for more, labels in ((3, {"route": "/v1/pools", "status": "200"}),
                         (1, {"route": "/v1/pools/{id}", "status": "404"}),
                         (1, {"route": "/v1/pools", "status": "401"}),
                         (1, {"route": "none", "status": "404"})):
        name = "larder_http_requests_total"
        assert count(after, name, **labels) == count(before, name, **labels) + more, labels
    name = "larder_cloud_calls_total"
    assert count(after, name, service="identity") > 0


def watch_demand(tokens):
    hook = Client(tokens["larder_hook"])
    boot = Boot()
    before = read_metrics()
    pool = expect(hook.post("/v1/demand", boot.demand("port")), 202)["demand"]["pool_id"]
    expect(hook.post("/v1/demand", boot.again().demand("port", reason="off")), 202)
    expect(hook.post("/v1/demand", boot.again().demand(
        "port", resolved=None, port=None, reason="not-eligible:fixed-ips")), 202)
    order(f"stock {pool} 2")
    boot = boot.again()
    expect(hook.post("/v1/claims", boot.claim()), 201)
    expect(hook.post("/v1/claims", boot.claim()), 200)
    adoption = expect(hook.post("/v1/adoptions", boot.adoption("port")), 201)["adoption"]
    for _ in range(2):  # its word is counted once
        expect(hook.patch("/v1/adoptions/" + adoption["id"], {"adoption": {"state": "done"}}), 200)
    after = read_metrics()
    for name, more, labels in (
            ("larder_demand_total", 3, {"kind": "port", "outcome": "miss"}),
            ("larder_demand_total", 1, {"kind": "port", "outcome": "hit"}),
            ("larder_misses_total", 1, {"kind": "port", "reason": "off"}),
            ("larder_misses_total", 1, {"kind": "port", "reason": "not-eligible"}),
            ("larder_claims_total", 1, {"call": "first"}),
            ("larder_claims_total", 1, {"call": "repeated"}),
            ("larder_adoptions_total", 1, {"kind": "port", "state": "begun"}),
            ("larder_adoptions_total", 1, {"kind": "port", "state": "done"})):
        assert count(after, name, **labels) == count(before, name, **labels) + more, (name, labels)
    assert count(after, "larder_items", kind="port", state="ready") >= 1
    assert after["larder_pool_ready"].total(pool=pool) == 1
    assert after["larder_database_up"].total() == 1


def watch_secrets(tokens):
    text = Client().get("/metrics").body.decode()
    for secret in [*tokens.values(), os.environ["LARDER_TEST_PASSWORD"]]:
        assert secret not in text
    assert not re.search(r"mysql|://|password|gAAAA", text)


def watch_members(tokens):
    reader = Client(tokens["reader"])
    assert expect(reader.get("/v1/members"), 200) == {"members": [], "links": []}
    order("members 3")
    listed = expect(reader.get("/v1/members"), 200)["members"]
    assert [m["state"] for m in sorted(listed, key=lambda m: m["pid"])] == ["up", "late", "down"]
    assert [m["roles"] for m in listed] == [["api", "worker"]] * 3
    assert sorted(m["late_roles"] for m in listed) == [[], [], ["worker"]]
    page = expect(reader.get("/v1/members?limit=2"), 200)
    rest = expect(reader.get(page["links"][0]["href"]), 200)
    assert page["members"] + rest["members"] == listed
    families = read_metrics()
    assert [families["larder_members"].value(state=s) for s in ("up", "late", "down")] == [1, 1, 1]


def watch_forecasts(_):
    assert read_metrics()["larder_forecast_demand"].samples == {}
    order("vcpus 12")
    family = read_metrics()["larder_forecast_demand"]
    assert len(family.samples) == 3
    assert family.value(resource="VCPU", interval="3600", level="0.99") == 12


def watch():
    tokens = make_tokens()
    for part in (watch_requests, watch_demand, watch_secrets, watch_members,
                 watch_forecasts):
        part(tokens)
    alive()


def watch_closed():
    """[api] metrics = token, and then off."""
    tokens = make_tokens()
    expect(Client().get("/metrics"), 401, "unauthorized")
    expect(Client(tokens["member"]).get("/metrics"), 403, "forbidden")
    for who in ("admin", "reader"):
        read_metrics(Client(tokens[who]))


def watch_off():
    expect(Client(make_tokens()["admin"]).get("/metrics"), 404, "not-found")


def watch_only():
    """A process without the role api."""
    tokens = make_tokens()
    read_metrics()
    assert Client().get("/healthcheck").body == b"OK"
    for target in ("/v1/pools", "/v1/members", "/v1/claims"):
        expect(Client(tokens["admin"]).get(target), 404, "not-found")


def hung():
    """A role hangs here."""
    answer = Client().get("/healthcheck", Accept="application/json")
    assert answer.status == 503 and "planner hangs" in answer.json["reasons"][0], answer
    (role,) = [role for role in answer.json["roles"] if role["role"] == "planner"]
    assert role["state"] == "late" and role["late_threads"] == 1, role
    families = read_metrics()
    assert families["larder_role_late_threads"].value(role="planner") == 1
