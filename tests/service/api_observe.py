# SPDX-License-Identifier: Apache-2.0
"""mode = observe: boots get nothing and are told so, demand is recorded, and the report says what would have been."""

import time

from api_client import Boot, Client, expect, make_tokens, order
from api_work import learn


def observe_boots(tokens):
    """Whatever is ready, nothing is set aside or handed out."""
    hook, admin = Client(tokens["larder_hook"]), Client(tokens["admin"])
    boot = Boot()
    pool = learn(hook, boot, "port")
    order(f"stock {pool} 3")
    port, volume = expect(hook.post("/v1/claims", boot.claim(servers=2)), 201)["claim"]["lines"]
    assert (port["pool_id"], port["wanted"], port["set_aside"], port["reason"]) == (
        pool, 2, 0, "observe"), port
    assert (volume["pool_id"], volume["reason"]) == (None, "no-pool"), volume
    expect(hook.post("/v1/adoptions", boot.adoption("port")), 409, "observe")
    body = boot.demand("port", reason="observe", resolved=None)
    assert expect(hook.post("/v1/demand", body), 202)["demand"]["pool_id"] == pool
    shown = expect(admin.get(f"/v1/pools/{pool}"), 200)["pool"]
    assert shown["items"]["ready"] == 3 and shown["items"]["claimed"] == 0, shown
    rows = expect(admin.get(f"/v1/demand?pool_id={pool}"), 200)["demand"]
    assert [row["reason"] for row in rows] == ["observe", "no-claim"], rows


def observe_report(tokens):
    """A target of 8 was set; of three creates the first came before, the others a while after."""
    hook, reader = Client(tokens["larder_hook"]), Client(tokens["reader"])
    boot = Boot()
    pool = learn(hook, boot, "port")
    order(f"forecast {pool} 2")
    order("plan")
    time.sleep(2)
    for _ in range(2):
        body = boot.again().demand("port", reason="observe", resolved=None, seconds=1.2)
        expect(hook.post("/v1/demand", body), 202)
    report = expect(reader.get("/v1/report?days=7&limit=1000"), 200)["report"]
    assert report["mode"] == "observe", report
    (row,) = [one for one in report["pools"] if one["pool_id"] == pool]
    assert (row["hits"], row["misses"]) == (2, 1), row
    assert abs(row["create_seconds"] - (1.5 + 2 * 1.2) / 3) < 0.001, row
    assert abs(row["seconds_saved"] - 2 * row["create_seconds"]) < 0.001, row
    assert abs(row["hit_rate"] - 2 / 3) < 0.001 and row["idle_hours"] > 0, row
    assert report["all"]["hits"] >= 2 and report["all"]["misses"] >= 1, report


def observe():
    tokens = make_tokens()
    observe_boots(tokens)
    observe_report(tokens)
