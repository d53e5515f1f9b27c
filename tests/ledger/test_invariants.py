"""LEDGER's five invariants, on a real database, over readings that arrive in any way."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enms.intervals import Interval, counts, derive
from enms.metering import Basis
from enms.quarters import quarter_floor
from enms.readings import Origin, Quality, Reading
from tests.ledger.conftest import Desk, Scratch
from tests.ledger.store import clear, create_point, put_meter, write
from tests.ledger.worlds import T0, World, at, registers, worlds

# Long after everything: whatever no reading closed, the clock has closed by then.
END = at(10_000)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Batches of readings in the order they come, and whether somebody derives after each."""

    batches: tuple[tuple[Reading, ...], ...]
    derived: tuple[bool, ...]
    late_meters: bool


@st.composite
def arrivals(draw: st.DrawFn, world: World) -> Arrival:
    """Any order, any batching, duplicates, corrections."""
    readings = list(world.readings)
    again = draw(st.lists(st.sampled_from(readings), max_size=4)) if readings else []
    readings += again
    for wrong in draw(st.lists(st.sampled_from(world.readings), max_size=3)) if world.readings else []:
        # the one that holds is older at the receiver, or entered by hand
        readings.append(
            replace(wrong, value=draw(st.floats(0, 500)), received_at=wrong.received_at + timedelta(hours=1))
        )
    shuffle = draw(st.booleans())
    if shuffle:
        random.Random(draw(st.integers(0, 1000))).shuffle(readings)
    cuts = sorted(draw(st.lists(st.integers(0, len(readings)), max_size=6)))
    edges = [0, *cuts, len(readings)]
    batches = tuple(tuple(readings[a:b]) for a, b in itertools.pairwise(edges))
    derived = tuple(draw(st.lists(st.booleans(), min_size=len(batches), max_size=len(batches))))
    return Arrival(batches, derived, draw(st.booleans()))


async def play(connection: asyncpg.Connection, world: World, arrival: Arrival) -> int:
    """Everything arrives, the clock goes on, the ledger is derived to the end."""
    await clear(connection)
    desk = Desk(connection)
    late = world.meters[1:] if arrival.late_meters else ()
    p = await create_point(connection, replace(world, meters=world.meters[: len(world.meters) - len(late)]))
    now = T0
    for batch, derived in zip(arrival.batches, arrival.derived, strict=True):
        by_instant = {r.ts: r for r in batch}
        for r in batch:
            by_instant[r.ts] = max(by_instant[r.ts], r, key=lambda one: one.rank)
        await write(connection, 1, p, list(by_instant.values()))
        now = max([now, *(r.ts for r in batch)]) + timedelta(seconds=7)
        if derived:
            await desk.derive(now)
    for meter in late:
        await put_meter(connection, 1, p, meter)
        await connection.execute(
            "INSERT INTO dirty (e, p, from_ts, to_ts) VALUES (1, $1, $2, 'infinity')", p, meter.installed_at
        )
        await desk.derive(now)
    await desk.derive(END)
    await desk.derive(END + timedelta(minutes=2))
    return p


async def stored_readings(connection: asyncpg.Connection, p: int) -> list[Reading]:
    found = await connection.fetch("SELECT * FROM reading WHERE p = $1 ORDER BY ts", p)
    return [
        Reading(
            e=row["e"],
            p=row["p"],
            ts=row["ts"],
            value=row["value"],
            quality=Quality(row["quality"]),
            origin=Origin(row["origin"]),
            received_at=row["received_at"],
            start=row["start"],
        )
        for row in found
    ]


async def ledger(connection: asyncpg.Connection, p: int) -> list[Interval]:
    found = await connection.fetch("SELECT * FROM interval WHERE p = $1 AND amount IS NOT NULL ORDER BY start", p)
    keys = ("start", "amount", "covered_s", "estimated_s", "apportioned_s")
    return [Interval(*(row[k] for k in keys), Basis(row["basis"]), row["suspect"]) for row in found]


async def outcome(connection: asyncpg.Connection, world: World, arrival: Arrival) -> tuple[object, ...]:
    """Everything the ledger says at the end, but for revision numbers and clocks."""
    p = await play(connection, world, arrival)
    state = await connection.fetchrow("SELECT * FROM point_state WHERE p = $1", p)
    findings = await connection.fetch(
        "SELECT kind, from_ts, to_ts, detail FROM finding WHERE p = $1 ORDER BY kind, from_ts", p
    )
    days = await connection.fetch(
        "SELECT local_date, amount, covered_s FROM day_total WHERE p = $1 AND covered_s > 0 ORDER BY 1", p
    )
    closed = state["closed_until"] if state is not None else None
    return (
        await ledger(connection, p),
        [tuple(row) for row in findings],
        [tuple(row) for row in days],
        closed,
        state["first_ts"] if state is not None else None,
    )


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_arrival_gives_the_identical_ledger(scratch: Scratch, data: st.DataObject):
    """Invariant 1, to the last bit; and what it is identical to is the reference over all that was accepted."""
    world = data.draw(worlds(), label="world")
    arrival = data.draw(arrivals(world), label="arrival")
    run, connection = scratch.runner.run, scratch.connection
    got = run(outcome(connection, world, arrival))
    p = run(connection.fetchval("SELECT max(p) FROM point"))
    accepted = run(stored_readings(connection, p))
    rows, findings, _, closed, first = got
    if first is None:
        assert rows == []
        assert not any(counts(r) for r in accepted)
    else:
        want, noticed = derive(accepted, world.line, quarter_floor(first), closed)
        assert rows == want
        assert [(kind, a, b) for kind, a, b, _ in findings] == [(f.kind, f.from_ts, f.to_ts) for f in noticed]
    at_once = Arrival((tuple(accepted),), (True,), late_meters=False)
    assert run(outcome(connection, world, at_once)) == got


@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_energy_is_conserved_and_nothing_is_negative(scratch: Scratch, data: st.DataObject):
    """Invariants 2 and 4: from the first reading to the last, rollovers included."""
    world = data.draw(registers(faults=False, events=False))
    arrival = data.draw(arrivals(replace(world, readings=world.readings)))
    plain = Arrival(
        tuple(tuple({r.ts: r for r in world.readings if r.ts in {x.ts for x in b}}.values()) for b in arrival.batches),
        arrival.derived,
        late_meters=False,
    )
    rows = scratch.runner.run(outcome(scratch.connection, world, plain))[0]
    modulus = world.meters[0].register_max or 0.0
    turned = sum(
        (b.value - a.value) + (modulus if b.value < a.value else 0.0)
        for a, b in zip(world.readings, world.readings[1:], strict=False)
    )
    assert sum(row.amount for row in rows) == pytest.approx(turned, rel=1e-9, abs=1e-9)
    assert all(row.amount >= 0 for row in rows)


@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_unknown_is_never_zero_and_nothing_published_is_forgotten(scratch: Scratch, data: st.DataObject):
    """Invariants 3 and 5: an amount stands on covered seconds; every state of the ledger can be asked for again."""
    world = data.draw(worlds())
    arrival = data.draw(arrivals(world))
    scratch.runner.run(_remembers(scratch.connection, world, arrival))


async def _remembers(connection: asyncpg.Connection, world: World, arrival: Arrival) -> None:
    await clear(connection)
    desk = Desk(connection)
    p = await create_point(connection, world)
    now, seen = T0, []
    for batch in arrival.batches:
        await write(connection, 1, p, list({r.ts: r for r in batch}.values()))
        now = max([now, *(r.ts for r in batch)]) + timedelta(seconds=7)
        await desk.derive(now)
        present = await ledger(connection, p)
        last = await connection.fetchval("SELECT known_at FROM point_state WHERE p = $1", p)
        seen.append((last or now, present))
        assert all(row.covered_s > 0 for row in present)
    for known_at, present in seen:
        then = await as_of(connection, p, known_at)
        assert then == present
    numbers = await connection.fetch(
        """SELECT start, array_agg(rev ORDER BY known_at) AS revs, array_agg(known_at ORDER BY rev) AS known
           FROM (SELECT start, rev, known_at FROM interval WHERE p = $1
                 UNION ALL SELECT start, rev, known_at FROM interval_revision WHERE p = $1) AS r GROUP BY start""",
        p,
    )
    for row in numbers:
        assert row["revs"] == sorted(set(row["revs"]))
        assert row["known"] == sorted(set(row["known"]))


async def as_of(connection: asyncpg.Connection, p: int, known_at: datetime) -> list[Interval]:
    found = await connection.fetch(
        "SELECT * FROM ledger_rows(1, $1, '-infinity', 'infinity', $2) WHERE amount IS NOT NULL ORDER BY start",
        p,
        known_at,
    )
    keys = ("start", "amount", "covered_s", "estimated_s", "apportioned_s")
    return [Interval(*(row[k] for k in keys), Basis(row["basis"]), row["suspect"]) for row in found]
