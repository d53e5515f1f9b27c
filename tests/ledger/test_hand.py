"""Production entered by hand reaches the ledger; the last entry of an instant holds, and nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from db import hand
from db.hand import HandEntry
from db.plant_load import load_plant
from enms.errors import ConflictError
from enms.plant_file import parse_plant
from enms.readings import Origin
from tests.ledger.conftest import Desk

# Midnight in Shanghai.
START = datetime(2026, 11, 24, 16, tzinfo=UTC)
END = START + timedelta(hours=8)
NOW = START + timedelta(hours=12)
PLANT = parse_plant(
    """
enterprise: {code: works, name: {zh: 钢厂, en: Works}, industry: steel}
points: [{code: out, role: output, reading: interval, unit: t, period_s: 28800}]
""",
    "test",
)


@pytest.fixture
async def place(desk: Desk) -> tuple[int, int]:
    await load_plant(desk.connection, PLANT, now=START - timedelta(days=1))
    row = await desk.connection.fetchrow("SELECT e, p FROM point WHERE code = 'out'")
    return row["e"], row["p"]


def entry(p: int, value: float, by: str = "王工") -> HandEntry:
    return HandEntry(p, START, END, value, "称重单", by)


async def amount(connection: asyncpg.Connection, e: int, p: int) -> float | None:
    return await connection.fetchval("SELECT sum(amount) FROM interval WHERE e = $1 AND p = $2", e, p)


async def test_an_entry_is_spread_over_its_span_and_audited(desk: Desk, place: tuple[int, int]) -> None:
    e, p = place
    number = await hand.enter(desk.connection, e, entry(p, 800.0), now=NOW)
    await desk.derive(NOW)
    assert await amount(desk.connection, e, p) == pytest.approx(800.0)
    (row,) = await hand.entries(desk.connection, e, limit=10)
    assert (row.id, row.value, row.actor, row.reason, row.entered_at) == (number, 800.0, "王工", "称重单", NOW)
    assert (row.before_value, row.corrects, row.corrected_by) == (None, None, None)


async def test_a_correction_holds_and_the_first_entry_is_kept(desk: Desk, place: tuple[int, int]) -> None:
    e, p = place
    first = await hand.enter(desk.connection, e, entry(p, 8000.0), now=NOW)
    await desk.derive(NOW)
    later = NOW + timedelta(hours=1)
    await hand.enter(desk.connection, e, entry(p, 800.0, "李工"), now=later)
    await desk.derive(later)
    assert await amount(desk.connection, e, p) == pytest.approx(800.0)
    second, before = await hand.entries(desk.connection, e, limit=10)
    assert (second.before_value, second.before_origin, second.corrects) == (8000.0, Origin.HAND, first)
    assert before.corrected_by == second.id
    lost = await desk.connection.fetchval("SELECT value FROM reading_revision WHERE e = $1 AND p = $2", e, p)
    assert lost == 8000.0
    known = await desk.connection.fetchval(
        "SELECT count(*) FROM interval_revision WHERE e = $1 AND p = $2 AND amount IS NOT NULL", e, p
    )
    assert known == 32, "what was published before is kept"


async def test_it_comes_before_what_a_meter_said(desk: Desk, place: tuple[int, int]) -> None:
    e, p = place
    await desk.connection.execute(
        "INSERT INTO reading (e, p, ts, start, value, quality, origin, received_at)"
        " VALUES ($1, $2, $3, $4, 790, 0, 0, $3)",
        e, p, END, START,
    )  # fmt: skip
    await hand.enter(desk.connection, e, entry(p, 800.0), now=NOW)
    await desk.derive(NOW)
    assert await amount(desk.connection, e, p) == pytest.approx(800.0)
    (row,) = await hand.entries(desk.connection, e, limit=10)
    assert (row.before_value, row.before_origin) == (790.0, Origin.METER)


async def test_a_sealed_period_is_left_alone(desk: Desk, place: tuple[int, int]) -> None:
    e, p = place
    await desk.connection.execute(
        "INSERT INTO point_state (e, p, sealed_before) VALUES ($1, $2, $3)"
        " ON CONFLICT (e, p) DO UPDATE SET sealed_before = $3",
        e, p, START + timedelta(hours=1),
    )  # fmt: skip
    with pytest.raises(ConflictError, match="sealed"):
        await hand.enter(desk.connection, e, entry(p, 800.0), now=NOW)
    assert await hand.entries(desk.connection, e, limit=10) == []
