"""A declared exchange or reset reaches the ledger: amounts on both sides, nothing negative, nothing lost."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg
import pytest

from db.meter_events import MeterEvent, declare
from enms.errors import ConflictError, InputError
from enms.metering import InstallationKind
from tests.ledger.conftest import Desk
from tests.ledger.store import create_point, write
from tests.ledger.worlds import at, reading, register

NOW = at(600)


async def _of(desk: Desk, p: int) -> tuple[str, str]:
    row = await desk.connection.fetchrow(
        "SELECT enterprise.code AS enterprise, point.code FROM point JOIN enterprise USING (e) WHERE p = $1", p
    )
    return row["enterprise"], row["code"]


async def _amounts(connection: asyncpg.Connection, p: int) -> list[float]:
    rows = await connection.fetch("SELECT amount FROM interval WHERE p = $1 ORDER BY start", p)
    return [row["amount"] for row in rows]


def _event(kind: InstallationKind, names: tuple[str, str], when: datetime, initial: float, **more: float) -> MeterEvent:
    return MeterEvent(kind, *names, when, initial, **more)


async def test_an_exchange_declared_late_mends_what_was_missing(desk: Desk) -> None:
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(m, 900 + m) for m in range(21)])
    await write(desk.connection, 1, p, [reading(m, (m - 20) / 10) for m in range(22, 61)])
    await desk.derive(NOW)
    before = await _amounts(desk.connection, p)
    assert sum(before) < 40
    event = _event(InstallationKind.EXCHANGE, await _of(desk, p), at(20), 0.0, final=920.0, multiplier=10.0)
    assert await declare(desk.connection, event, NOW)
    await desk.derive(NOW)
    assert await _amounts(desk.connection, p) == pytest.approx([15.0] * 4)
    assert not await declare(desk.connection, event, NOW)


async def test_a_reset_without_its_last_value_leaves_the_span_before_it_missing(desk: Desk) -> None:
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(m, 900 + m) for m in range(20)])
    await write(desk.connection, 1, p, [reading(m, m - 30) for m in range(31, 61)])
    assert await declare(desk.connection, _event(InstallationKind.RESET, await _of(desk, p), at(30), 0.0), NOW)
    await desk.derive(NOW)
    rows = await desk.connection.fetch("SELECT amount, covered_s FROM interval WHERE p = $1 ORDER BY start", p)
    assert [(r["amount"], r["covered_s"]) for r in rows] == [
        (pytest.approx(15), 900), (pytest.approx(4), 240), (pytest.approx(15), 900), (pytest.approx(15), 900),
    ]  # fmt: skip


async def test_nothing_before_the_seal(desk: Desk) -> None:
    p = await create_point(desk.connection, register())
    await write(desk.connection, 1, p, [reading(m, m) for m in range(61)])
    await desk.derive(NOW)
    await desk.connection.execute("UPDATE point_state SET sealed_before = $1", at(30))
    with pytest.raises(ConflictError, match="sealed"):
        await declare(desk.connection, _event(InstallationKind.RESET, await _of(desk, p), at(20), 0.0), NOW)


async def test_an_event_of_a_clock_that_is_not_set_is_refused(desk: Desk) -> None:
    p = await create_point(desk.connection, register())
    unset = datetime(1970, 1, 1, tzinfo=UTC)
    with pytest.raises(InputError, match="a clock that is not set"):
        await declare(desk.connection, _event(InstallationKind.RESET, await _of(desk, p), unset, 0.0), NOW)
