"""Runs the rule tests that are data files (cases/README.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.rules.world import World

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def instant(value):
    """YAML timestamps and strings as aware instants."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    assert value.tzinfo is not None, f"{value} needs its offset"
    return value.astimezone(UTC)


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
async def test_case(path, db_pool):
    case = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    async with db_pool.acquire() as connection:
        world = await World.build(connection, case["plant"])
        world.ends = dict.fromkeys(world.numbers, instant(case["from"]))
        for number, step in enumerate(case["steps"], 1):
            for point, values in step.get("read", {}).items():
                await world.read(point, values, instant(step["at"]) if "at" in step else None)
            for point, values in step.get("publish", {}).items():
                await world.publish(point, values, instant(step["at"]) if "at" in step else None)
            if step.get("evaluate", True):
                await world.evaluate()
            if "expect" in step:
                await compare(world, case, step["expect"], f"{case['title']}: step {number}")


async def compare(world, case, expected, where):
    found = [a for a in await world.alerts() if a.rule in case.get("rules", [a.rule])]
    told = [
        {key: await value_of(world, alert, key) for key in expected[i]} if i < len(expected) else alert
        for i, alert in enumerate(found)
    ]
    wanted = [{key: instant(v) if key.endswith("_at") and v else v for key, v in row.items()} for row in expected]
    assert told == wanted, where


async def value_of(world, alert, key):
    if key == "steps":
        return await world.steps(alert)
    value = getattr(alert, {"limit": "limit_value"}.get(key, key))
    return round(value, 3) if isinstance(value, float) else value
