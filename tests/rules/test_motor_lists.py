"""Evidence of a possible match of an elimination list."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from db.alerts import evidence
from rules.book import BUNDLED, read_book
from rules.evidence import digest
from rules.replay import replay
from tests.rules.world import World


async def test_evidence_names_the_lists_and_asks_for_the_nameplate(db_pool):
    async with db_pool.acquire() as connection:
        mill = await World.build(connection, "motor_lists", [read_book(BUNDLED / "motor_register.yaml")])
        await mill.publish("clock.power", [30.0] * 96, datetime(2026, 11, 1, 16, tzinfo=UTC))
        await mill.evaluate()
        (alert,) = await mill.alerts("motor_on_elimination_list", "b_flameproof")
        (version,) = await evidence(connection, alert)
    again = replay(version.body, version.sha256)
    assert (again.intact, again.met, again.value, again.limit) == (True, True, None, None)
    body = json.loads(version.body)
    assert (body["limit"]["list"], body["limit"]["effective_from"]) == ("第三批", "2014-03-06")
    assert [other["list"] for other in body["other_lists"]] == ["产业结构调整指导目录（2024年本）"]
    assert "unreviewed" in body["limit"]["review"]
    assert "confirm nameplate and year" in body["result"]["says"]["en"]
    newer = version.body.replace('"model":"YB280M-4"', '"model":"YE3-280M-4"')
    assert replay(newer, digest(newer)).met is False
