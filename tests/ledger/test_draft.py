"""The set-based derivation gives the reference's rows, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.derivation import Span
from db.histories import histories
from enms.findings import Finding
from enms.intervals import Interval, derive
from enms.metering import Basis, ReadingType
from ledger.closing import Course
from ledger.draft import draft
from tests.ledger.conftest import Scratch, open_connection
from tests.ledger.store import clear, create_enterprise, create_point, write
from tests.ledger.worlds import World, amounts, at, gauge, reading, register, with_readings, worlds

LONGEST_S = 7200.0


async def drafted(
    connection: asyncpg.Connection, world: World, spans: list[tuple[datetime, datetime]]
) -> tuple[list[Interval], list[list[Finding]]]:
    await clear(connection)
    p = await create_point(connection, world)
    await write(connection, 1, p, world.readings, dirty=False)
    return await draft_of(connection, p, spans)


async def draft_of(
    connection: asyncpg.Connection, p: int, spans: list[tuple[datetime, datetime]]
) -> tuple[list[Interval], list[list[Finding]]]:
    line = (await histories(connection, [(1, p)]))[1, p].line
    longest = LONGEST_S if ReadingType.INTERVAL in line.readings else 0.0
    async with connection.transaction():
        findings = await draft(
            connection, [Span(1, p, *span) for span in spans], {(1, p): Course(line, longest, mean=False)}
        )
        rows = await connection.fetch("SELECT * FROM draft ORDER BY start")
    return [
        Interval(
            start=row["start"],
            amount=row["amount"],
            covered_s=row["covered_s"],
            estimated_s=row["estimated_s"],
            apportioned_s=row["apportioned_s"],
            basis=Basis(row["basis"]),
            suspect=row["suspect"],
        )
        for row in rows
    ], findings


def expected(world: World, spans: list[tuple[datetime, datetime]]) -> tuple[list[Interval], list[list[Finding]]]:
    both = [derive(world.readings, world.line, *span) for span in spans]
    return [row for rows, _ in both for row in rows], [findings for _, findings in both]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds(), st.lists(st.integers(-4, 50), min_size=2, max_size=6, unique=True))
def test_the_database_drafts_what_the_reference_derives(scratch: Scratch, world: World, cuts: list[int]):
    edges = sorted(cuts)
    spans = [(at(15 * a), at(15 * b)) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    got = scratch.runner.run(drafted(scratch.connection, world, spans))
    assert got == expected(world, spans)


@pytest.mark.parametrize(
    "world",
    [
        with_readings(register(rated=1000), *(reading(m, 3.3 * m) for m in range(3000))),
        with_readings(gauge(), *(reading(m / 4, (m * 7919) % 101) for m in range(8000))),
        with_readings(gauge(mean=True), *(reading(m / 3, (m * 7919) % 101 / 7) for m in range(6000))),
        with_readings(amounts(), *(reading(15 * m, m % 13) for m in range(1, 200))),
        with_readings(amounts(3600), *(reading(60 * m + (m % 3) / 100, m % 13) for m in range(1, 48))),
    ],
)
async def test_ordinary_days_need_no_reference(pg_dsn: str, monkeypatch: pytest.MonkeyPatch, world: World):
    connection = await open_connection(pg_dsn)
    try:
        await create_enterprise(connection)
        want = expected(world, [world.span])

        def refused(*_: object) -> None:
            raise AssertionError("handed to the reference")

        monkeypatch.setattr("ledger.draft.derive", refused)
        assert await drafted(connection, world, [world.span]) == want
        assert len(want[0]) > 100
    finally:
        await connection.close()


async def test_many_points_and_spans_in_one_draft(pg_dsn: str):
    connection = await open_connection(pg_dsn)
    try:
        await create_enterprise(connection)
        made = {}
        for n in range(12):
            world = [register(rated=1000), gauge(), amounts()][n % 3]
            gone = range(50 + n, 90)
            minutes = [m for m in range(0, 300, 15 if n % 3 == 2 else 1) if m not in gone]
            world = with_readings(world, *(reading(m, m * n) for m in minutes))
            p = await create_point(connection, world)
            await write(connection, 1, p, world.readings, dirty=False)
            made[p] = world
        lines = await histories(connection, [(1, p) for p in made])
        courses = {
            key: Course(found.line, LONGEST_S if ReadingType.INTERVAL in found.line.readings else 0.0, mean=False)
            for key, found in lines.items()
        }
        spans = [Span(1, p, at(a), at(b)) for p in made for a, b in [(0, 45), (60, 120), (240, 360)]]
        async with connection.transaction():
            findings = await draft(connection, spans, courses)
            rows = await connection.fetch("SELECT p, start, amount, covered_s FROM draft ORDER BY p, start")
        want = [derive(made[s.p].readings, made[s.p].line, s.start, s.end) for s in spans]
        assert findings == [noticed for _, noticed in want]
        assert [tuple(row) for row in rows] == [
            (s.p, row.start, row.amount, row.covered_s)
            for s, (found, _) in zip(spans, want, strict=True)
            for row in found
        ]
    finally:
        await connection.close()


async def test_a_reading_beyond_all_measure_does_no_harm(pg_dsn: str):
    connection = await open_connection(pg_dsn)
    try:
        await create_enterprise(connection)
        for made in (register(), gauge(), amounts(60)):
            for odd in (1e300, -1e300, float("inf"), float("-inf"), float("nan"), 1e99):
                readings = [reading(m, m) for m in range(40)]
                readings[17] = replace(readings[17], value=odd)
                world = with_readings(made, *readings)
                assert await drafted(connection, world, [world.span]) == expected(world, [world.span])
    finally:
        await connection.close()


def test_spans_that_do_not_hold_a_reading_are_empty():
    world = with_readings(register(), reading(0, 1))
    assert expected(world, [(at(0) + timedelta(days=9), at(0) + timedelta(days=10))]) == ([], [[]])
