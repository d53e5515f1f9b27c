"""Closing, publishing, revising: what the ledger says after each step."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from db.derivation import Span
from db.publication import Share
from enms.metering import Basis
from enms.readings import Quality
from enms.timeline import ConfigVersion
from ledger.cycle import _fit
from tests.ledger.conftest import Desk
from tests.ledger.store import create_point, put_config, put_meter, write
from tests.ledger.worlds import METER, amounts, at, exchange, gauge, reading, register

NOW = at(600)


async def rows(desk: Desk, p: int) -> dict[float, asyncpg.Record]:
    found = await desk.connection.fetch("SELECT * FROM interval WHERE p = $1 ORDER BY start", p)
    return {minutes(row["start"]): row for row in found}


async def state(desk: Desk, p: int) -> asyncpg.Record:
    return await desk.connection.fetchrow("SELECT * FROM point_state WHERE p = $1", p)


async def changes(desk: Desk, p: int) -> list[tuple[float, float]]:
    found = await desk.connection.fetch("DELETE FROM ledger_change WHERE p = $1 RETURNING from_start, to_start", p)
    return sorted((minutes(row["from_start"]), minutes(row["to_start"])) for row in found)


def minutes(instant: datetime) -> float:
    return (instant - at(0)).total_seconds() / 60


async def test_an_interval_closes_when_the_watermark_reaches_its_end(desk: Desk):
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(m, m) for m in range(15)])
    await desk.derive(at(14))
    assert await rows(desk, p) == {}
    assert minutes((await state(desk, p))["closed_until"]) == 0
    await write(desk.connection, 1, p, [reading(15, 15)])
    outcome = await desk.derive(at(15))
    assert (outcome.published, outcome.revised) == (1, 0)
    row = (await rows(desk, p))[0]
    assert (row["amount"], row["covered_s"], row["basis"], row["rev"]) == (15.0, 900.0, 0, 1)
    assert row["known_at"] == at(15)
    assert minutes((await state(desk, p))["closed_until"]) == 15
    assert await changes(desk, p) == [(0, 0), (0, 0)]


async def test_readings_in_the_open_interval_only_move_the_watermark(desk: Desk):
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(m, m) for m in range(20)])
    await desk.derive(at(20))
    before = await state(desk, p)
    await write(desk.connection, 1, p, [reading(20, 20), reading(21, 21)])
    outcome = await desk.derive(at(21))
    assert outcome.published == 0
    after = await state(desk, p)
    assert minutes(after["newest_ts"]) == 21
    assert (after["known_at"], after["closes_at"]) == (before["known_at"], before["closes_at"])
    assert await desk.connection.fetchval("SELECT count(*) FROM dirty") == 0


async def test_the_first_readings_after_an_edge_can_still_change_what_closed(desk: Desk):
    """A spike closes an interval; the reading after it shows the spike."""
    p = await create_point(desk.connection, register(rated=1000))
    await write(desk.connection, 1, p, [reading(m, m) for m in range(15)] + [reading(16, 9999)])
    await desk.derive(at(16))
    assert (await rows(desk, p))[0]["covered_s"] == 840.0
    await write(desk.connection, 1, p, [reading(17, 17)])
    outcome = await desk.derive(at(17))
    assert (outcome.published, outcome.revised) == (1, 1)
    row = (await rows(desk, p))[0]
    assert (row["amount"], row["covered_s"], row["rev"]) == (pytest.approx(15), 900.0, 2)
    old = await desk.connection.fetchrow("SELECT * FROM interval_revision")
    assert (old["covered_s"], old["rev"], old["amount"]) == (840.0, 1, 14.0)
    assert old["known_at"] < row["known_at"]
    # the spike itself lies in the open interval
    await write(desk.connection, 1, p, [reading(m, m) for m in range(18, 31)])
    await desk.derive(at(31))
    kinds = await desk.connection.fetch("SELECT kind, from_ts FROM finding ORDER BY kind")
    assert [(row["kind"], minutes(row["from_ts"])) for row in kinds] == [("spike", 16)]


async def test_the_clock_closes_what_no_reading_does(desk: Desk):
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(m, m) for m in range(8)])
    await desk.derive(at(8))
    assert (await state(desk, p))["closes_at"] == at(15 + 5 + 2)
    assert (await desk.derive(at(21.9))).points == 0
    await desk.derive(at(22))
    row = (await rows(desk, p))[0]
    assert (row["amount"], row["covered_s"]) == (7.0, 420.0)
    assert minutes((await state(desk, p))["closed_until"]) == 15
    await desk.derive(at(60))
    assert minutes((await state(desk, p))["closed_until"]) == 45
    assert list(await rows(desk, p)) == [0]
    assert await changes(desk, p) == [(0, 0), (0, 0), (15, 30)]


async def test_what_was_closed_as_missing_becomes_a_revision_when_it_is_known(desk: Desk):
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(m, m) for m in range(16)])
    await desk.derive(at(16))
    await desk.derive(at(90))
    await write(desk.connection, 1, p, [reading(91, 91)])
    outcome = await desk.derive(at(91))
    assert (outcome.published, outcome.revised) == (5, 4)
    found = await rows(desk, p)
    assert {m: row["rev"] for m, row in found.items()} == {0: 1, 15: 2, 30: 2, 45: 2, 60: 2, 75: 1}
    assert {row["basis"] for m, row in found.items() if m > 0} == {int(Basis.ESTIMATED)}
    assert sum(row["amount"] for row in found.values()) == pytest.approx(90)
    assert await desk.connection.fetchval("SELECT count(*) FROM interval_revision") == 0


async def test_a_first_backfill_publishes_once(desk: Desk):
    """Live readings first, then seven days of history before them: no revision but where they meet."""
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(m, m) for m in range(10_080, 10_100)])
    await desk.derive(at(10_100))
    await write(desk.connection, 1, p, [reading(m, m) for m in range(10_080)])
    outcome = await desk.derive(at(10_100))
    assert (outcome.published, outcome.revised) == (672, 0)
    assert await desk.connection.fetchval("SELECT max(rev) FROM interval") == 1
    assert (await state(desk, p))["first_ts"] == at(0)


async def test_history_is_not_closed_by_the_clock_while_it_comes_in(desk: Desk):
    """A year ago to now, in order, in batches: every interval is published once, none as missing before."""
    p = await create_point(desk.connection, register())
    now = at(500_000)
    for day in range(4):
        await write(desk.connection, 1, p, [reading(m, m) for m in range(1440 * day, 1440 * (day + 1))])
        outcome = await desk.derive(now + timedelta(seconds=day))
        assert outcome.revised == 0
    assert minutes((await state(desk, p))["closed_until"]) == 4 * 1440 - 15
    await desk.derive(now + timedelta(seconds=90))
    assert minutes((await state(desk, p))["closed_until"]) == 500_000 - 20
    assert len(await rows(desk, p)) == 4 * 96


async def test_a_burst_of_late_data_makes_one_revision(desk: Desk):
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(0, 0), reading(300, 300), reading(301, 301)])
    await desk.derive(at(302))
    for m in range(1, 300):
        await write(desk.connection, 1, p, [reading(m, m + (m % 7) / 100)])
    waiting = await desk.derive(at(303), settle_s=3600.0, longest_wait_s=3600.0)
    assert (waiting.points, waiting.waiting) == (0, True)
    outcome = await desk.derive(at(303))
    assert outcome.revised == outcome.published == 20
    assert await desk.connection.fetchval("SELECT max(rev) FROM interval") == 2
    assert await desk.connection.fetchval("SELECT count(*) FROM interval_revision") == 20


async def test_late_spans_wait_live_ones_do_not(desk: Desk):
    p = await create_point(desk.connection, gauge())
    await write(desk.connection, 1, p, [reading(m, m) for m in range(31)])
    await desk.derive(at(31))
    await write(desk.connection, 1, p, [reading(m, m) for m in range(31, 46)])
    await write(desk.connection, 1, p, [reading(10.5, 99)])
    patient = {"settle_s": 3600.0, "longest_wait_s": 3600.0}
    outcome = await desk.derive(at(46), **patient)
    assert (outcome.published, outcome.revised, outcome.waiting) == (1, 0, True)
    assert await desk.connection.fetchval("SELECT count(*) FROM dirty") == 1
    assert (await desk.derive(at(46))).revised == 1


async def test_what_is_known_no_more_leaves_a_tombstone(desk: Desk):
    p = await create_point(desk.connection, register(rated=600))
    await write(desk.connection, 1, p, [reading(0, 100), reading(14, 110), reading(16, 112)])
    await desk.derive(at(16))
    await write(desk.connection, 1, p, [reading(0, 5000, received=-5), reading(14, 110, received=14)])
    await desk.connection.execute("UPDATE reading SET value = 9000 WHERE p = $1 AND ts = $2", p, at(14))
    await desk.connection.execute("UPDATE reading SET quality = 2 WHERE p = $1 AND ts = $2", p, at(0))
    await desk.derive(at(17))
    row = (await rows(desk, p))[0]
    assert (row["amount"], row["covered_s"], row["basis"], row["rev"]) == (None, 0.0, 3, 2)
    await desk.connection.execute("UPDATE reading SET quality = 0, value = 100 WHERE p = $1 AND ts = $2", p, at(0))
    await write(desk.connection, 1, p, [reading(14, 110, received=0)])
    await desk.connection.execute("UPDATE reading SET value = 110 WHERE p = $1 AND ts = $2", p, at(14))
    await desk.derive(at(18))
    row = (await rows(desk, p))[0]
    assert (row["amount"], row["rev"]) == (pytest.approx(11), 3)
    assert await desk.connection.fetchval("SELECT count(*) FROM interval_revision") == 2


async def test_bad_readings_close_nothing(desk: Desk):
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(m, m) for m in range(14)])
    await write(desk.connection, 1, p, [reading(16, 0, quality=Quality.BAD)])
    await desk.derive(at(16))
    assert minutes((await state(desk, p))["closed_until"]) == 0
    assert minutes((await state(desk, p))["newest_ts"]) == 16


async def test_interval_readings_close_when_covered_to_their_end(desk: Desk):
    p = await create_point(desk.connection, amounts(3600))
    await write(desk.connection, 1, p, [reading(60 - 2 / 60, 8)])
    await desk.derive(at(61))
    assert minutes((await state(desk, p))["closed_until"]) == 60
    assert minutes((await state(desk, p))["first_ts"]) == 0
    assert [row["amount"] for row in (await rows(desk, p)).values()] == [2.0] * 4


async def test_a_correction_before_its_neighbour_is_a_revision_of_both(desk: Desk):
    p = await create_point(desk.connection, amounts())
    await write(desk.connection, 1, p, [reading(15, 1), reading(30, 2), reading(45, 3)])
    await desk.derive(at(46))
    await write(desk.connection, 1, p, [replace(reading(30, 7, received=0), start=at(5))])
    await desk.derive(at(47))
    found = await rows(desk, p)
    assert {m: row["amount"] for m, row in found.items()} == {0: pytest.approx(2.8), 15: pytest.approx(4.2), 30: 3.0}


async def test_a_meter_event_declared_late_re_derives(desk: Desk):
    p = await create_point(desk.connection, register(rated=600))
    await write(desk.connection, 1, p, [reading(m, 1000 + m) for m in range(7)])
    await write(desk.connection, 1, p, [reading(m, m) for m in range(7, 31)])
    await desk.derive(at(31))
    assert (await rows(desk, p))[0]["amount"] == 14
    assert await desk.connection.fetchval("SELECT kind FROM finding") == "register_dropped"
    await put_meter(desk.connection, 1, p, exchange(6.5, 1006.5, 6.5))
    await desk.connection.execute("INSERT INTO dirty (e, p, from_ts, to_ts) VALUES (1, $1, $2, 'infinity')", p, at(6.5))
    outcome = await desk.derive(at(40))
    assert outcome.revised == 1
    assert (await rows(desk, p))[0]["amount"] == 15
    assert await desk.connection.fetchval("SELECT count(*) FROM finding") == 0


async def test_a_changed_multiplier_re_derives_everything_it_touches(desk: Desk):
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(m, m) for m in range(61)])
    await desk.derive(at(61))
    await put_meter(desk.connection, 1, p, replace(METER, multiplier=2.0, installed_at=at(30)), recorded_at=at(61))
    await desk.connection.execute("INSERT INTO dirty (e, p, from_ts, to_ts) VALUES (1, $1, $2, 'infinity')", p, at(30))
    assert (await desk.derive(at(62))).revised == 2
    assert [row["amount"] for row in (await rows(desk, p)).values()] == [15, 15, 30, 30]
    assert (await state(desk, p))["config_rev"] == 1
    # a second process with an older copy sees that it is stale
    other = Desk(desk.connection)
    await write(desk.connection, 1, p, [reading(m, m) for m in range(61, 76)])
    await other.derive(at(76))
    assert (await rows(desk, p))[60]["amount"] == 30


async def test_a_point_out_of_service_stops_closing(desk: Desk):
    p = await create_point(desk.connection, register())
    await put_config(desk.connection, 1, p, ConfigVersion(at(20), register().versions[0].config, retired=True))
    await write(desk.connection, 1, p, [reading(m, m) for m in range(19)])
    await desk.derive(at(19))
    assert (await state(desk, p))["closes_at"] is not None
    await desk.derive(at(100))
    assert (await state(desk, p))["closes_at"] is None
    assert list(await rows(desk, p)) == [0, 15]


async def test_nothing_is_derived_before_the_seal(desk: Desk):
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(0, 0), reading(100, 100)])
    await desk.derive(at(100))
    await desk.connection.execute("UPDATE point_state SET sealed_before = $1", at(45))
    await write(desk.connection, 1, p, [reading(m, 2 * m - m * m / 100) for m in range(5, 100, 5)])
    await desk.derive(at(101))
    found = await rows(desk, p)
    assert [m for m, row in found.items() if row["rev"] == 1] == [0, 15, 30]
    assert [m for m, row in found.items() if row["rev"] == 2] == [45, 60, 75]
    # a new point of the enterprise falls under the seal, too
    q = await create_point(desk.connection, gauge())
    await write(desk.connection, 1, q, [reading(m, 1) for m in range(0, 100, 5)])
    await desk.derive(at(101))
    assert list(await rows(desk, q)) == [45, 60, 75]


async def test_more_than_fits_into_one_transaction_is_done_in_several(desk: Desk):
    points = [await create_point(desk.connection, register()) for _ in range(5)]
    for p in points:
        await write(desk.connection, 1, p, [reading(m, m) for m in range(0, 1441, 5)])
    outcome = await desk.derive(NOW, quarters=50)
    assert (outcome.published, outcome.revised) == (5 * 96, 0)
    assert await desk.connection.fetchval("SELECT count(*) FROM dirty") == 0
    closed = {row["closed_until"] for row in await desk.connection.fetch("SELECT closed_until FROM point_state")}
    assert closed == {at(1440)}
    assert await desk.connection.fetchval("SELECT count(*) FROM day_total") == 5 * 2
    # all of it again under another configuration
    for p in points:
        await put_config(
            desk.connection,
            1,
            p,
            replace(register().versions[0], config=replace(register().versions[0].config, to_amount=2.0)),
            recorded_at=NOW,
        )
        await desk.connection.execute(
            "INSERT INTO dirty (e, p, from_ts, to_ts) VALUES (1, $1, '-infinity', 'infinity')", p
        )
    outcome = await desk.derive(NOW, quarters=50, points=3)
    assert outcome.revised == 5 * 96
    totals = await desk.connection.fetch("SELECT amount FROM day_total ORDER BY p, local_date")
    assert [row["amount"] for row in totals] == [pytest.approx(2 * 960), pytest.approx(2 * 480)] * 5


async def test_workers_share_the_points(desk: Desk):
    """Each takes its own; together they leave none, by readings and by the clock alike."""
    points = [await create_point(desk.connection, register()) for _ in range(5)]
    for p in points:
        await write(desk.connection, 1, p, [reading(m, m) for m in range(16)])
    taken = [await desk.derive(at(15), share=Share(n, 2)) for n in range(2)]
    assert sorted(outcome.points for outcome in taken) == [2, 3]
    assert [len(await rows(desk, p)) for p in points] == [1] * 5
    by_clock = [await desk.derive(at(60), share=Share(n, 2)) for n in range(2)]
    assert sorted(outcome.points for outcome in by_clock) == [2, 3]
    assert {minutes((await state(desk, p))["closed_until"]) for p in points} == {45}


def test_a_span_of_centuries_is_cut_where_the_room_ends():
    begin = datetime(1800, 1, 1, tzinfo=UTC)
    span = Span(1, 1, begin, datetime(2800, 1, 1, tzinfo=UTC))
    fitting, rest, room = _fit([span], 50_000)
    cut = begin + timedelta(minutes=15 * 50_000)
    assert (fitting, rest) == ([replace(span, end=cut)], [replace(span, start=cut)])
    assert room < 0
