# SPDX-License-Identifier: Apache-2.0
"""Every route with good requests, and with every role."""

import sys
import time
import uuid

from api_client import (ROUTES, PORT, Boot, Client, alive, expect, make_tokens, new_id, order,
                        some_path)


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
    assert healthy["detailed"] is False and healthy["reasons"] == ["OK"], healthy
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
    shown = expect(reader.get(f"/v1/pools/{pool['id'].upper()}"), 200)["pool"]
    assert shown == pool | {"tier_rule": None, "decision": None}, shown
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


def work_series(tokens):
    hook, reader = Client(tokens["larder_hook"]), Client(tokens["reader"])
    boots = [Boot() for _ in range(3)]
    pools = [learn(hook, boot, "port") for boot in boots]
    (series,) = expect(reader.get(f"/v1/series?pool_id={pools[0]}"), 200)["series"]
    assert series["kind"] == "port" and series["project_id"] == boots[0].project_id
    assert expect(reader.get(f"/v1/series?project_id={boots[0].project_id}&kind=port"), 200)[
        "series"] == [series]
    assert expect(reader.get(f"/v1/series?pool_id={new_id()}"), 200)["series"] == []
    page = expect(reader.get("/v1/series?limit=2"), 200)
    assert len(page["series"]) == 2
    rest = expect(reader.get(page["links"][0]["href"]), 200)["series"]
    assert rest[0]["id"] > page["series"][1]["id"]
    shown = expect(reader.get(f"/v1/series/{series['id']}"), 200)["series"]
    assert shown["slot"] == 300 and {**shown, **series} == shown
    expect(reader.get("/v1/series/999999999"), 404, "not-found")


def work_forecasts(tokens):
    hook, reader = Client(tokens["larder_hook"]), Client(tokens["reader"])
    pool = learn(hook, Boot(), "port")
    (series,) = expect(reader.get(f"/v1/series?pool_id={pool}"), 200)["series"]
    order(f"foretell {series['id']}")
    for query in (f"pool_id={pool}", f"series_id={series['id']}"):
        answer = expect(reader.get("/v1/forecasts?" + query), 200)
        assert [each["length"] for each in answer["forecasts"]] == [600, 3600], answer
        assert answer["slot"] == 300 and answer["links"] == []
    first = answer["forecasts"][0]
    assert first["mean"] == 2 and first["quantiles"][-1] == {"level": 0.9999, "demand": 31}
    flavor = expect(reader.get("/v1/forecasts?flavor=m1%20%26x"), 200)["forecasts"]
    assert [each["id"] for each in flavor] == ["flavor:600:m1 &x"]
    assert expect(reader.get("/v1/forecasts?resource=VCPU"), 200)["forecasts"] == []
    page, listed = expect(reader.get("/v1/forecasts?limit=1"), 200), []
    while page["links"]:
        listed += page["forecasts"]
        page = expect(reader.get(page["links"][0]["href"]), 200)
    listed += page["forecasts"]
    assert listed == expect(reader.get("/v1/forecasts"), 200)["forecasts"]
    assert len({each["id"] for each in listed}) == len(listed) >= 3
    for query in (f"pool_id={pool}&flavor=x", "marker=x", "marker=flavor:x:y", "marker=a:1:b"):
        expect(reader.get("/v1/forecasts?" + query), 400, "bad-request")
    expect(reader.get(f"/v1/forecasts?pool_id={new_id()}"), 404, "not-found")


def work_images(tokens):
    hook, admin = Client(tokens["larder_hook"]), Client(tokens["admin"])
    image, boot = new_id(), Boot()
    key = {"image_id": image, "aggregate_id": 7}
    warm = expect(hook.get(f"/v1/warm-hosts/{image}"), 200)["warm_hosts"]
    assert warm == {"image_id": image, "hosts": []}
    expect(admin.post("/v1/pools", {"pool": dict(key, aggregate_id=99)}), 404, "not-found")
    order(f"warm {image} host1")
    pool = expect(admin.post("/v1/pools", {"pool": dict(key, floor=3)}), 201)["pool"]
    assert (pool["kind"], pool["key"], pool["floor"], pool["items"]["ready"]) == (
        "image", key, 3, 1), pool
    again = expect(admin.post("/v1/pools", {"pool": dict(key, floor=9)}), 201)["pool"]
    assert again == pool
    changed = expect(admin.patch(f"/v1/pools/{pool['id']}", {"pool": {"floor": 0}}), 200)["pool"]
    assert changed["floor"] == 0
    order(f"warm {image} host2")
    listed = expect(admin.get(f"/v1/images?image_id={image}&state=warm"), 200)["images"]
    assert [(row["host"], row["state"], row["failures"]) for row in listed] == [
        ("host1", "warm", 0), ("host2", "warm", 0)], listed
    assert expect(admin.get(f"/v1/images?image_id={image}&state=failed"), 200)["images"] == []
    assert walk(admin, "images", 1) == walk(admin, "images", 1000)
    assert set(expect(hook.get(f"/v1/warm-hosts/{image}"), 200)["warm_hosts"]["hosts"]) == {
        "host1", "host2"}
    claim = boot.claim()
    claim["claim"]["image_id"] = image
    made = expect(hook.post("/v1/claims", claim), 201)["claim"]
    assert set(made["warm_hosts"]) == {"host1", "host2"}, made
    expect(admin.get(f"/v1/warm-hosts/{image}"), 403, "forbidden")


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
    assert shown.pop("warm_hosts") == [] and listed["claims"] == [shown]
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


def work_tiers(tokens):
    hook, admin, reader = (Client(tokens[t]) for t in ("larder_hook", "admin", "reader"))
    boot = Boot()
    pool = learn(hook, boot, "port")
    before = order("replans")
    rule = expect(admin.put("/v1/tiers", {"tier": {"tier": "guaranteed", "service_level": 0.995,
                                                   "project_id": boot.project_id}}), 200)["tier"]
    assert (rule["tier"], rule["service_level"], rule["pool_id"]) == ("guaranteed", 0.995, None)
    again = expect(admin.put("/v1/tiers", {"tier": {"tier": "on-demand", "flavor_id": None,
                                                    "project_id": boot.project_id}}), 200)["tier"]
    assert again == rule | {"tier": "on-demand", "service_level": None}, (rule, again)
    own = expect(admin.put("/v1/tiers", {"tier": {"tier": "guaranteed", "pool_id": pool}}),
                 200)["tier"]
    listed = expect(reader.get("/v1/tiers"), 200)["tiers"]
    assert again in listed and own in listed, listed
    page = expect(admin.get("/v1/tiers?limit=1"), 200)
    rest = expect(admin.get(page["links"][0]["href"]), 200)
    assert page["tiers"] + rest["tiers"] == listed
    for bad in ({"tier": "guaranteed"}, {"tier": "gold", "pool_id": pool},
                {"tier": "guaranteed", "pool_id": pool, "project_id": boot.project_id},
                {"tier": "on-demand", "pool_id": pool, "service_level": 0.9},
                {"tier": "guaranteed", "pool_id": pool, "service_level": 1}):
        expect(admin.put("/v1/tiers", {"tier": bad}), 400, "bad-request")
    expect(admin.put("/v1/tiers", {"tier": {"tier": "guaranteed", "pool_id": new_id()}}), 404,
           "not-found")
    order("plan")
    shown = expect(reader.get(f"/v1/pools/{pool}"), 200)["pool"]
    assert shown["tier"] == "guaranteed" and shown["tier_rule"] == own, shown
    assert shown["decision"] is None
    for one in (rule, own):
        answer = admin.send("DELETE", f"/v1/tiers/{one['id']}")
        assert (answer.status, answer.body) == (204, b""), answer
        expect(admin.send("DELETE", f"/v1/tiers/{one['id']}"), 404, "not-found")
    assert order("replans") == before + 5
    expect(admin.patch(f"/v1/pools/{pool}", {"pool": {"floor": 1}}), 200)
    assert order("replans") == before + 6


def work_events(tokens):
    admin, reader = Client(tokens["admin"]), Client(tokens["reader"])
    times = {"begin_at": "2026-01-05T08:00:00Z", "end_at": "2026-01-05T10:00:00Z"}
    wanted = times | {"name": "exams", "recurrence": "FREQ=WEEKLY;BYDAY=MO", "flavor_id": "m1"}
    made = expect(admin.post("/v1/events", {"event": wanted}), 201)["event"]
    assert made | wanted == made and made["project_id"] is None and made["series_id"] is None, made
    assert expect(reader.get(f"/v1/events/{made['id']}"), 200)["event"] == made
    other = expect(admin.post("/v1/events", {"event": times | {"name": "ö"}}), 201)["event"]
    listed = expect(reader.get("/v1/events"), 200)["events"]
    assert made in listed and other in listed, listed
    page = expect(admin.get("/v1/events?limit=1"), 200)
    assert len(page["events"]) == 1 and page["links"]
    for bad in ({"name": "x"}, times, times | {"name": ""},
                times | {"name": "x", "recurrence": "FREQ=OFTEN"},
                times | {"name": "x", "recurrence": "FREQ=SECONDLY"},
                times | {"name": "x", "recurrence": "FREQ=DAILY\r\nDTSTART:19700101T000000Z"},
                times | {"name": "x", "series_id": 1, "flavor_id": "m1"},
                {"name": "x", "begin_at": times["end_at"], "end_at": times["begin_at"]}):
        expect(admin.post("/v1/events", {"event": bad}), 400, "bad-request")
    expect(reader.post("/v1/events", {"event": wanted}), 403)
    expect(reader.send("DELETE", f"/v1/events/{made['id']}"), 403)
    for one in (made, other):
        answer = admin.send("DELETE", f"/v1/events/{one['id']}")
        assert (answer.status, answer.body) == (204, b""), answer
        expect(admin.get(f"/v1/events/{one['id']}"), 404, "not-found")
    assert expect(reader.get("/v1/calendars"), 200) == {"calendars": [], "links": []}


def work_decisions(tokens):
    hook, reader = Client(tokens["larder_hook"]), Client(tokens["reader"])
    pool = learn(hook, Boot(), "port")
    assert expect(reader.get(f"/v1/decisions?pool_id={pool}"), 200)["decisions"] == []
    for mean in (2, 4):
        order(f"forecast {pool} {mean}")
        order("plan")
    path = f"/v1/decisions?pool_id={pool}"
    second, first = expect(reader.get(path), 200)["decisions"]
    assert [first[k] for k in ("previous", "target", "tier", "interval", "mean")] == [
        0, 8, "probabilistic", 300, 2], first
    assert second["previous"] == 8 and second["target"] == 16 and "16 cover" in second["reason"]
    page = expect(reader.get(path + "&limit=1"), 200)
    rest = expect(reader.get(page["links"][0]["href"]), 200)
    assert (page["decisions"], rest["decisions"]) == ([second], [first])
    shown = expect(reader.get(f"/v1/pools/{pool}"), 200)["pool"]
    assert shown["decision"] == second and shown["target"] == 16 and shown["tier_rule"] is None
    assert shown["target_since"] == second["at"]


def work_report(tokens):
    hook, reader = Client(tokens["larder_hook"]), Client(tokens["reader"])
    boot, pools = stocked(hook, ("port",), 2)
    expect(hook.post("/v1/claims", boot.claim()), 201)
    adopted = expect(hook.post("/v1/adoptions", boot.adoption("port")), 201)["adoption"]
    expect(hook.patch(f"/v1/adoptions/{adopted['id']}",
                      {"adoption": {"state": "done", "reason": None}}), 200)
    report = expect(reader.get("/v1/report?limit=1000"), 200)["report"]
    (row,) = [one for one in report["pools"] if one["pool_id"] == pools["port"]]
    assert report["mode"] == "serve"
    assert (row["kind"], row["hits"], row["misses"], row["hit_rate"]) == ("port", 1, 1, 0.5), row
    assert row["create_seconds"] == 1.5 and 0 < row["seconds_saved"] <= 1.5, row
    assert report["all"]["hits"] >= 1 and report["all"]["outside"] >= 0, report
    assert len(expect(reader.get("/v1/report?days=31&limit=1"), 200)["report"]["pools"]) == 1
    expect(reader.get("/v1/report?days=32"), 400, "bad-query")


def work_yields(tokens):
    hook, admin = Client(tokens["larder_hook"]), Client(tokens["admin"])
    boot, pools = stocked(hook, ("port",), 3)
    pool, told = pools["port"], {"network_id": boot.port["network_id"], "reason": "network"}
    listed = expect(admin.get(f"/v1/items?pool_id={pool}"), 200)["items"]
    ports = [item["resource_id"] for item in listed]
    for name, value in (("network_id", "x"), ("port_ids", None), ("port_ids", ["x"]), ("port_ids", 3),
                        ("port_ids", [new_id()] * 501), ("reason", "whim"), ("reason", None), ("more", 1)):
        body = {"yield": {**told, "port_ids": ports, name: value}}
        expect(hook.post("/v1/yields", body), 400, "bad-request")
    some = {"yield": {"network_id": None, "reason": "address", "port_ids": ports[:1] + [new_id()]}}
    assert expect(hook.post("/v1/yields", some), 200)["yield"] == {"items": 1, "pools": 1}
    first = expect(admin.get(f"/v1/pools/{pool}"), 200)["pool"]
    assert (first["items"]["ready"], first["items"]["releasing"]) == (2, 1), first
    everything = {"yield": {**told, "port_ids": ports}}
    for items in (2, 0):
        assert expect(hook.post("/v1/yields", everything), 200)["yield"] == {"items": items, "pools": 1}
    shown = expect(admin.get(f"/v1/pools/{pool}"), 200)["pool"]
    assert shown["not_before"] > first["not_before"] and "delete of the network" in shown["last_error"], shown
    item = expect(admin.get(f"/v1/items/{listed[2]['id']}"), 200)["item"]
    assert item["state"] == "releasing" and "delete of the network" in item["history"][-1]["reason"], item
    assert expect(hook.post("/v1/yields", {"yield": {**told, "port_ids": []}}), 200)["yield"] == {
        "items": 0, "pools": 1}


def work_versions(tokens):
    admin = Client(tokens["admin"])
    for version in ("larder 1.0", "larder 1.1", "larder latest", "compute 2.1, larder 1.0", "compute 2.96"):
        expect(admin.get("/v1/pools", OpenStack_API_Version=version), 200)
    error = expect(admin.get("/v1/pools", OpenStack_API_Version="larder 1.2"), 406,
                   "version-not-available")["errors"][0]
    assert (error["min_version"], error["max_version"]) == ("1.0", "1.1")
    expect(admin.get("/v1/pools", OpenStack_API_Version="larder"), 400, "bad-version")
    expect(admin.get("/v1/nothing"), 404, "not-found")
    answer = admin.send("DELETE", "/v1/pools/" + new_id())
    expect(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, PATCH"


def work_hook(tokens):
    shown = expect(Client(tokens["larder_hook"]).get("/v1/hook"), 200)
    assert shown == {"hook": {"claim_lifetime": 300, "token_cache_time": 60, "min_version": "1.0",
                              "max_version": "1.1"}}, shown


def work_hooks(tokens):
    """What a hook tells of itself; a hook of version 1.0 finds no such path."""
    hook = Client(tokens["larder_hook"])
    told = {"hook": {"service": "cinder", "host": "controller-1", "version": "0.1.0",
                     "problem": "volume:accept_transfer is not allowed"}}
    assert hook.post("/v1/hooks", told).status == 204
    assert hook.post("/v1/hooks", {"hook": {**told["hook"], "problem": None}}).status == 204
    for name, value in (("service", "glance"), ("host", ""), ("version", None), ("problem", "x" * 600)):
        expect(hook.post("/v1/hooks", {"hook": {**told["hook"], name: value}}), 400, "bad-request")
    for version in ("larder 1.0", "compute 2.1"):
        expect(hook.post("/v1/hooks", told, OpenStack_API_Version=version), 404, "not-found")


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
    for part in (work_discovery, work_demand, work_pools, work_series, work_forecasts, work_images,
                 work_claims_and_adoptions, work_misses, work_yields, work_tiers, work_events, work_decisions, work_report,
                 work_versions, work_hook, work_hooks, work_speed):
        part(tokens)


# ---------------------------------------------------------------- roles

ALLOWED = {"open": None, "metrics": None, "hook": {"larder_hook"}, "read": {"admin", "reader"}, "admin": {"admin"}}


def roles():
    tokens = make_tokens() | {"nobody": None, "forged": "gAAAAAB" + "x" * 180, "bad": "a b\tc",
                              "huge": "x" * 9000}
    for route in ROUTES:
        target = some_path(route["path"])
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
