"""What is read from the ledger: intervals with what is missing, sums in an enterprise's own cuts, virtual points."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from db.instants import BEGINNING
from db.ledger import backlog, closed_until, findings, intervals, mark_dirty, revisions, seal
from db.totals import Resolution, TotalRow, totals
from enms.errors import ConflictError, NotFoundError
from enms.findings import FindingKind
from enms.metering import Basis
from enms.timeline import ConfigVersion
from tests.ledger.conftest import Desk
from tests.ledger.store import create_enterprise, create_point, put_config, write
from tests.ledger.worlds import CONFIG, QUARTER, T0, World, amounts, at, gauge, reading, register

NOW = at(5000)


async def virtual(desk: Desk, *terms: tuple[int, int], e: int = 1) -> int:
    """A virtual point of (point, sign)."""
    p = await create_point(desk.connection, World((ConfigVersion(None, CONFIG),), (), ()), e)
    codes = {row["p"]: row["code"] for row in await desk.connection.fetch("SELECT p, code FROM point")}
    await desk.connection.execute(
        "UPDATE point_config SET reading = 'virtual', virtual = $2 WHERE p = $1",
        p,
        json.dumps([{"point": codes[q], "sign": sign} for q, sign in terms]),
    )
    return p


async def test_missing_quarter_hours_are_there(desk: Desk):
    p = await create_point(desk.connection, register(rated=600))
    minutes = [m for m in range(7, 121) if not 40 < m < 62]
    await write(desk.connection, 1, p, [reading(m, m if m < 50 else m + 100_000) for m in minutes])
    await desk.derive(at(121))
    found = await intervals(desk.connection, 1, p, at(-60), at(180))
    assert [(row.start, row.end) for row in found] == [(at(m), at(m + 15)) for m in range(0, 120, 15)]
    first, gone = found[0], found[3]
    assert (first.covered_s, first.elapsed_s, first.completeness) == (480.0, 480.0, 1.0)
    assert (gone.amount, gone.basis, gone.rev, gone.known_at, gone.completeness) == (None, Basis.MISSING, 0, None, 0.0)
    assert found[2].completeness == pytest.approx(10 / 15)
    assert await intervals(desk.connection, 1, p, at(30), at(45)) == found[2:3]
    with pytest.raises(NotFoundError):
        await intervals(desk.connection, 1, 4711, at(0), at(15))


async def test_as_of_answers_what_was_known(desk: Desk):
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(m, m) for m in [*range(31), 90, 91]])
    await desk.derive(at(92))
    await write(desk.connection, 1, p, [reading(m, 2 * m - 30) for m in range(31, 60)])
    await desk.derive(at(95))
    then = await intervals(desk.connection, 1, p, at(0), at(90), as_of=at(93))
    present = await intervals(desk.connection, 1, p, at(0), at(90))
    assert [row.rev for row in then] == [1] * 6
    assert [row.rev for row in present] == [1, 1, 2, 2, 2, 2]
    assert then[2].basis is Basis.ESTIMATED
    assert present[2].basis is Basis.MEASURED
    assert [row.amount for row in await intervals(desk.connection, 1, p, at(0), at(90), as_of=at(40))] == [None, None]
    history = await revisions(desk.connection, 1, p, at(0), at(90))
    assert [(row.start, row.rev) for row in history[:2]] == [(at(30), 1), (at(30), 2)]
    before = await totals(desk.connection, 1, [p], at(0), at(90), "1h", now=NOW, as_of=at(93))
    assert math.fsum(row.amount or 0 for row in before) == pytest.approx(90)
    assert before[0].estimated_s == 1800.0


async def test_a_virtual_point_is_missing_where_a_term_is(desk: Desk):
    a, b = [await create_point(desk.connection, register(rated=6000)) for _ in range(2)]
    await write(desk.connection, 1, a, [reading(m, 3 * m) for m in range(61)])
    broken = [reading(m, m if m < 20 else m + 500_000) for m in range(61) if not 20 <= m < 45]
    await write(desk.connection, 1, b, broken)
    await desk.derive(at(61))
    v = await virtual(desk, (a, 1), (b, -1))
    w = await virtual(desk, (v, 1), (a, 1))
    rows = await intervals(desk.connection, 1, v, at(0), at(60))
    assert rows[2].amount is None
    assert rows[0].amount == pytest.approx(30)
    assert rows[1].covered_s == 240.0
    nested = await intervals(desk.connection, 1, w, at(0), at(15))
    assert nested[0].amount == pytest.approx(30 + 45)
    hour = await totals(desk.connection, 1, [a, b, v], at(0), at(60), "1h", now=NOW)
    assert [row.p for row in hour] == [a, b, v]
    assert hour[0].completeness == 1.0
    assert hour[2].covered_s == 900 + 240 + 900
    assert hour[2].completeness == pytest.approx(2040 / 3600)
    assert await closed_until(desk.connection, 1, v, NOW) == at(60)
    await desk.connection.execute(
        """UPDATE point_config AS c
           SET virtual = jsonb_build_array(jsonb_build_object('point', point.code, 'sign', 1))
           FROM point WHERE c.p = $1 AND point.p = $1""",
        v,
    )
    with pytest.raises(ConflictError):
        await intervals(desk.connection, 1, v, at(0), at(60))


async def test_elapsed_counts_from_the_declared_service_date(desk: Desk):
    p = await create_point(desk.connection, register(in_service_from=at(-30)))
    await write(desk.connection, 1, p, [reading(m, m) for m in range(31)])
    await desk.derive(at(31))
    (row,) = await totals(desk.connection, 1, [p], at(-60), at(60), Resolution.DAY, now=NOW)
    assert (row.covered_s, row.elapsed_s) == (1800.0, 3600.0)
    never = await create_point(desk.connection, register(in_service_from=at(0)))
    (row,) = await totals(desk.connection, 1, [never], at(0), at(60), "day", now=at(37))
    assert (row.amount, row.covered_s, row.elapsed_s, row.completeness) == (None, 0.0, 1800.0, 0.0)
    assert await closed_until(desk.connection, 1, never, at(37)) == at(30)
    nobody = await create_point(desk.connection, register())
    (row,) = await totals(desk.connection, 1, [nobody], at(0), at(60), "day", now=NOW)
    assert (row.elapsed_s, row.completeness) == (0.0, None)
    assert await closed_until(desk.connection, 1, nobody, NOW) is None


async def test_a_state_averages_over_covered_time(desk: Desk):
    p = await create_point(desk.connection, gauge(mean=True, max_gap_s=900.0))
    await write(
        desk.connection, 1, p, [reading(0, 10), reading(15, 10), reading(30, 40), reading(45, 40), reading(60, 0)]
    )
    await desk.derive(at(61))
    for resolution in ("1h", "day", "month"):
        (row,) = await totals(desk.connection, 1, [p], at(0), at(60), resolution, now=NOW)
        assert row.amount == pytest.approx(25)


@pytest.mark.parametrize(
    ("timezone", "day_starts"),
    [
        ("Asia/Shanghai", "00:00"),
        ("Asia/Shanghai", "08:00"),
        ("Asia/Shanghai", "20:00"),
        ("America/New_York", "00:00"),
        ("America/New_York", "20:00"),
        ("Asia/Kolkata", "08:00"),
    ],
)
async def test_days_are_the_enterprises_own(desk: Desk, timezone: str, day_starts: str):
    """Forty days around the change of clocks in New York; a day's total is the sum of its quarter hours."""
    e = await create_enterprise(desk.connection, timezone=timezone, day_starts=day_starts, month=5)
    p = await create_point(desk.connection, amounts(), e)
    start = datetime(2026, 2, 20, tzinfo=UTC)
    readings = [
        replace(reading(0, (n * 7919) % 101 / 7), ts=start + n * QUARTER, received_at=start) for n in range(1, 40 * 96)
    ]
    await write(desk.connection, e, p, readings)
    await desk.derive(start + timedelta(days=40))
    end = start + 40 * 96 * QUARTER - QUARTER
    zone = ZoneInfo(timezone)
    for resolution in ("day", "month", "year"):
        rows = await totals(desk.connection, e, [p], start, end, resolution, now=end)
        quarters = await intervals(desk.connection, e, p, start, end)
        assert rows[0].start == start
        assert rows[-1].end == end
        for row, following in pairwise(rows):
            assert row.end == following.start
            assert row.end.astimezone(zone).strftime("%H:%M") == day_starts
            if resolution == "month":
                assert row.end.astimezone(zone).day == 5
        for row in rows:
            own = [q for q in quarters if row.start <= q.start < row.end]
            assert row.amount == pytest.approx(math.fsum(q.amount or 0 for q in own), rel=1e-12)
            assert row.covered_s == row.elapsed_s == 900 * len(own)
            assert row.completeness == 1.0
        past = await totals(desk.connection, e, [p], start, end, resolution, now=end, as_of=start + timedelta(days=41))
        assert [(r.start, r.end, r.covered_s) for r in past] == [(r.start, r.end, r.covered_s) for r in rows]
        assert [r.amount for r in past] == [pytest.approx(r.amount, rel=1e-12) for r in rows]
    if timezone == "America/New_York":
        days = await totals(desk.connection, e, [p], start, end, "day", now=end)
        assert {row.covered_s for row in days[1:-1]} == {86_400.0, 82_800.0}


async def test_shifts_and_hours(desk: Desk):
    e = await create_enterprise(desk.connection, timezone="Asia/Kolkata")
    hours = [(0, 8), (8, 16), (16, 24)]
    for n, (a, b) in enumerate(hours):
        await desk.connection.execute(
            "INSERT INTO shift (e, code, starts, ends) VALUES ($1, $2, $3, $4)",
            e,
            f"s{n}",
            timedelta(hours=a),
            timedelta(hours=b),
        )
    p = await create_point(desk.connection, amounts(), e)
    readings = [reading(15 * n, n % 17) for n in range(1, 4 * 96)]
    await write(desk.connection, e, p, readings)
    await desk.derive(at(4 * 1440))
    shifts = await totals(desk.connection, e, [p], at(0), at(3 * 1440), "shift", now=NOW)
    assert {(r.end - r.start) for r in shifts[1:-1]} == {timedelta(hours=8)}
    whole = math.fsum(r.value for r in readings if r.ts <= at(3 * 1440))
    for resolution in ("15m", "1h", "shift", "day"):
        rows = await totals(desk.connection, e, [p], at(0), at(3 * 1440), resolution, now=at(4 * 1440))
        assert math.fsum(r.amount or 0 for r in rows) == pytest.approx(whole)
    clock = await totals(desk.connection, e, [p], at(0), at(300), "1h", now=at(4 * 1440))
    assert [(r.end - r.start).total_seconds() for r in clock] == [1800, 3600, 3600, 3600, 3600, 1800]
    # shifts that overlap keep their own time each
    await desk.connection.execute("INSERT INTO shift (e, code, starts, ends) VALUES ($1, 'x', '6:00', '18:00')", e)
    more = await totals(desk.connection, e, [p], at(0), at(3 * 1440), "shift", now=NOW)
    assert {(r.end - r.start) for r in more[2:-2]} >= {timedelta(hours=8), timedelta(hours=12)}


async def test_a_thirteen_month_span_comes_at_once(desk: Desk):
    p = await create_point(desk.connection, amounts())
    n = 400 * 96
    await desk.connection.execute(
        """INSERT INTO interval (
               e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect, rev, known_at)
           SELECT 1, $1, $2::timestamptz + i * interval '15 min', i, 900, 0, 0, 0, false, 1, $2
           FROM generate_series(0, $3 - 1) AS i WHERE i % 100 <> 7""",
        p,
        T0,
        n,
    )
    await desk.connection.execute(
        "INSERT INTO point_state (e, p, first_ts, newest_ts, closed_until) VALUES (1, $1, $2, $3, $3)",
        p,
        T0,
        T0 + n * QUARTER,
    )
    begun = time.perf_counter()
    rows = await intervals(desk.connection, 1, p, T0, T0 + n * QUARTER)
    assert time.perf_counter() - begun < 3
    assert len(rows) == n
    assert sum(row.amount is None for row in rows) == n // 100


async def test_findings_and_the_seal(desk: Desk):
    p = await create_point(desk.connection, register(rated=600))
    await write(desk.connection, 1, p, [reading(m, m if m < 20 else m + 9000) for m in range(46)])
    await desk.derive(at(46))
    (found,) = await findings(desk.connection, 1, [p], at(0), at(60))
    assert (found.kind, found.from_ts, found.to_ts) == (FindingKind.REGISTER_JUMPED, at(19), at(20))
    assert found.detail == {"before": 19.0, "after": 9020.0}
    assert found.found_at == at(46)
    await mark_dirty(desk.connection, 1, p, None, None)
    assert await backlog(desk.connection, 1) == 1
    await desk.derive(at(50))
    assert (await findings(desk.connection, 1, [p], at(0), at(60)))[0].found_at == at(46)
    with pytest.raises(ConflictError, match="not closed"):
        await seal(desk.connection, 1, at(60))
    with pytest.raises(ConflictError, match="quarter hour"):
        await seal(desk.connection, 1, at(31))
    assert await seal(desk.connection, 1, at(30)) == 1
    assert await desk.connection.fetchval("SELECT sealed_before FROM point_state") == at(30)


async def test_a_day_cut_otherwise_is_summed_anew_before_the_seal_too(desk: Desk):
    p = await create_point(desk.connection, amounts())
    await write(desk.connection, 1, p, [reading(15 * n, 1) for n in range(1, 4 * 96)])
    await desk.derive(at(4 * 1440))
    assert await seal(desk.connection, 1, at(2 * 1440)) == 1
    await desk.connection.execute("UPDATE enterprise SET timezone = 'America/New_York', day_starts = '20:00'")
    await mark_dirty(desk.connection, 1, p, None, None)
    await desk.derive(at(4 * 1440))
    rows: list[TotalRow] = await totals(desk.connection, 1, [p], at(0), at(4 * 1440), "day", now=at(4 * 1440))
    assert [row.amount for row in rows] == [row.covered_s / 900 for row in rows]
    assert sum(row.amount or 0 for row in rows) == 4 * 96 - 1


async def test_a_configuration_in_time_cuts_a_virtual_point(desk: Desk):
    a, b = [await create_point(desk.connection, amounts()) for _ in range(2)]
    for p, value in ((a, 1), (b, 10)):
        await write(desk.connection, 1, p, [reading(15 * n, value) for n in range(1, 9)])
    await desk.derive(at(121))
    v = await virtual(desk, (a, 1))
    await put_config(desk.connection, 1, v, ConfigVersion(at(60), CONFIG))
    codes = {row["p"]: row["code"] for row in await desk.connection.fetch("SELECT p, code FROM point")}
    await desk.connection.execute(
        "UPDATE point_config SET reading = 'virtual', virtual = $2 WHERE p = $1 AND valid_from > $3",
        v,
        json.dumps([{"point": codes[a], "sign": 1}, {"point": codes[b], "sign": 1}]),
        BEGINNING,
    )
    rows = await intervals(desk.connection, 1, v, at(0), at(120))
    assert [row.amount for row in rows] == [1, 1, 1, 1, 11, 11, 11, 11]
