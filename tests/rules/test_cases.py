"""Runs the rule tests that are data files (cases/README.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from rules.book import parse_book
from tests.rules.world import World

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def instant(value):
    """YAML timestamps and strings as aware instants."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    assert value.tzinfo is not None, f"{value} needs its offset"
    return value.astimezone(UTC)


def yaml_text(content):
    text = StringIO()
    YAML(typ="safe").dump(content, text)
    return text.getvalue()


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
async def test_case(path, db_pool):
    case = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    book = [parse_book(yaml_text({"rules": case["book"]}), path.name)] if "book" in case else ()
    assert not any(file.mistakes for file in book), book[0].mistakes
    async with db_pool.acquire() as connection:
        world = await World.build(connection, case["plant"], book)
        worlds = {"": world} | {name: await World.build(connection, name, book) for name in case.get("beside", ())}
        for one in worlds.values():
            one.ends = dict.fromkeys(one.numbers, instant(case["from"]))
        for number, step in enumerate(case["steps"], 1):
            at = instant(step["at"]) if "at" in step else None
            for name, values in step.get("read", {}).items():
                plant, _, point = name.rpartition("/")
                await worlds[plant].read(point, values, at)
            for name, values in step.get("publish", {}).items():
                plant, _, point = name.rpartition("/")
                await worlds[plant].publish(point, values, at)
            if step.get("evaluate", True):
                for one in worlds.values():
                    await one.evaluate()
                await world.evaluate_district()
            if "expect" in step:
                await compare(world, case, step["expect"], f"{case['title']}: step {number}")


async def compare(world, case, expected, where):
    found = [a for a in await world.alerts(everybody=True) if a.rule in case.get("rules", [a.rule])]
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
