"""What people were told, over HTTP and as a page."""

from __future__ import annotations

import json

import asyncpg
import httpx
import pytest

from db import outbox
from db.outbox import ChannelFileRow, ChannelRow
from enms.errors import Mistake
from tests.api.seed import Seeded
from tests.api.test_read_routes import V1, get

CHANNEL = ChannelRow("duty", "WeCom Bot: wecombot://k...y/", ("energy_manager",), (), "warning", "zh", "", "08:00")


@pytest.fixture
async def told(seeded: Seeded, db_pool: asyncpg.Pool) -> int:
    """Two messages about alert 1: one sent, one that fails."""
    e = seeded.e["seed-steel"]
    async with db_pool.acquire() as connection:
        await outbox.publish_channels(connection, ChannelFileRow("notify.yaml", seeded.now, (CHANNEL,), ()))
        for n, event in ((1, "raised"), (2, "escalated")):
            payload = {"title": f"标题 {event}", "body": "b", "key": f"seed-steel/1/{n}/duty", "link": ""}
            await outbox.post(
                connection, e, 1, n, channel="duty", event=event, told="energy_manager — WeCom", payload=payload,
                now=seeded.now, slot=None,
            )  # fmt: skip
            taken = await outbox.take(connection, "duty", seeded.now, seeded.now, 1)
            if n == 1:
                await outbox.sent(connection, taken, seeded.now)
            else:
                await outbox.failed(connection, taken, "answered 500 <script>", seeded.now)
    return e


async def test_notifications_are_listed_with_what_became_of_them(client: httpx.AsyncClient, told: int) -> None:
    body = await get(client, "/notifications")
    assert [(i["event"], i["state"], i["attempts"]) for i in body["items"]] == [
        ("escalated", "failing", 1),
        ("raised", "sent", 1),
    ]
    assert body["items"][0]["last_error"] == "answered 500 <script>"
    assert body["items"][1]["next_attempt_at"] is None
    page = await get(client, "/notifications", limit=1)
    rest = await get(client, "/notifications", limit=1, cursor=page["next_cursor"])
    assert rest["items"] == body["items"][1:]
    for wanted, count in (
        ({"state": "sent"}, 1), ({"channel": "duty"}, 2), ({"channel": "x"}, 0), ({"alert": 1}, 2), ({"alert": 2}, 0),
        ({"enterprise": "seed-power"}, 0),
    ):  # fmt: skip
        assert len((await get(client, "/notifications", **wanted))["items"]) == count, wanted
    lines = (await client.get(f"{V1}/notifications", params={"format": "csv"})).text.splitlines()
    assert len(lines) == 3
    (channel,) = (await get(client, "/notifications/channels"))["items"]
    assert (channel["name"], channel["roles"]) == ("duty", ["energy_manager"])


async def test_the_page_shows_whom_and_the_last_error(client: httpx.AsyncClient, told: int) -> None:
    text = (await client.get("/notifications")).text
    assert "标题 raised" in text
    assert "answered 500 &lt;script&gt;" in text
    assert "again at 11-22 18:07" in text
    assert "&lt;time" not in text
    assert "wecombot://k...y/" in text
    assert "标题 escalated" not in (await client.get("/notifications?state=sent")).text


async def test_a_refused_file_says_so_loudly(client: httpx.AsyncClient, seeded: Seeded, db_pool: asyncpg.Pool) -> None:
    mistakes = (Mistake("channels[duty].url", "either url or url_file is wanted", 2),)
    async with db_pool.acquire() as connection:
        await outbox.publish_channels(connection, ChannelFileRow("notify.yaml", seeded.now, (), mistakes))
    text = (await client.get("/notifications")).text
    assert "nobody is told of alerts" in text
    assert "line 2: channels[duty].url" in text
    assert json.loads((await client.get(f"{V1}/notifications/channels")).text)["items"] == []
