"""kill -9 of the rules, twenty times while motors idle and work: what is missed, what is there twice.

The ledger's rows are written as the ledger writes them; everything else is real: rules processes, database, and a
server that takes messages and thinks a while before it answers, so that many kills find a message on its way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import asyncpg

from bench.figures import Bench, Figure, Options, figure
from bench.stand import ENTERPRISE, Role, Stand, free_port, stand, until

KILLS = 20
MOTORS = 20
_BEGIN = datetime.fromisoformat("2026-11-01T16:00:00+00:00")
_QUARTER = timedelta(minutes=15)
_IDLE_KWH, _WORK_KWH = 0.6, 8.0
_THINKS_S = 0.15
_ALIVE_S = 1.5
CHANNEL = "tickets"
_PUBLISH = """
WITH told AS (
    INSERT INTO interval (e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect, rev, known_at)
    SELECT e, p, $1::timestamptz, $2::float8, 900, 0, 0, 0, false, 1, now() FROM point WHERE code = ANY ($3)
    RETURNING e, p, start
), closed AS (
    INSERT INTO point_state AS s (e, p, first_ts, newest_ts, closed_until)
    SELECT e, p, start, start + interval '15 minutes', start + interval '15 minutes' FROM told
    ON CONFLICT (e, p) DO UPDATE SET newest_ts = excluded.newest_ts, closed_until = excluded.closed_until
), said AS (
    INSERT INTO ledger_change (e, p, from_start, to_start, known_at) SELECT e, p, start, start, now() FROM told
)
SELECT pg_notify('enms_interval', e::text) FROM told LIMIT 1
"""
_ALERTS = "SELECT id, subject, started_at FROM alert WHERE rule = 'motor_idle'"
_TRANSITIONS = """
SELECT a.subject, a.started_at, t.kind FROM transition AS t JOIN alert AS a ON a.e = t.e AND a.id = t.alert
WHERE a.rule = 'motor_idle'
"""
# What a killed process had taken is free again when its lease is over; nobody waits five minutes for that here.
_LEASES_OVER = "UPDATE outbox SET next_attempt_at = now() WHERE event IS NOT NULL AND sent_at IS NULL"
_UNSENT = "SELECT EXISTS (SELECT FROM outbox WHERE sent_at IS NULL AND gave_up_at IS NULL)"


@dataclass
class Receiver:
    """Takes messages on 127.0.0.1; a repeat is kept beside what it repeats."""

    port: int = 0
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls) -> AsyncIterator[Receiver]:
        receiver = cls()
        server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0)
        receiver.port = server.sockets[0].getsockname()[1]
        async with server:
            yield receiver

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # whoever is killed in the middle of a request leaves it half said
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            self.taken.append((headers["idempotency-key"], body))
            await asyncio.sleep(random.uniform(0, _THINKS_S))
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()


@dataclass(frozen=True, slots=True)
class Findings:
    """What was wrong.

    Attributes:
        missed, doubled: transitions.
        unsent: messages that never came.
        rekeyed: messages that came again with another key, or otherwise than before.
        repeats: messages that came again, as at least once means.
    """

    alerts: int
    missed: int
    doubled: int
    unsent: int
    rekeyed: int
    repeats: int


def motors(count: int) -> str:
    """A plant file of motors, their power counted by registers."""
    points = [f"  - {{code: m{n}.energy, carrier: electricity, unit: kWh}}" for n in range(count)]
    plates = [
        f"  - {{code: m{n}, rated_kw: 45, efficiency_pct: 94.2, points: {{power: m{n}.energy}}}}" for n in range(count)
    ]
    head = f"enterprise: {{code: {ENTERPRISE}, name: {{zh: 测, en: Bench}}, industry: other}}"
    return "\n".join([head, "points:", *points, "motors:", *plates])


async def crash(built: Stand, receiver: Receiver, kills: int, count: int, *, processes: int = 1) -> Findings:
    """Kill rules processes, one after the other, while quarter hours of `count` motors close; then count.

    Args:
        built: with the plant of `motors`.
        receiver: of the messages.
        kills: how many.
        count: of motors.
        processes: rules processes at once.
    """
    file = built.folder / "channels.yaml"
    url = f"webhook://127.0.0.1:{receiver.port}/take"
    file.write_text(
        f"channels: [{{name: {CHANNEL}, url: '{url}', roles: [energy_manager], allow_private: true, timezone: UTC}}]\n"
    )

    async def start() -> Role:
        return await built.start("rules", ENMS_NOTIFY_FILE=str(file), ENMS_HTTP_PORT=str(free_port()))

    roles = [await start() for _ in range(processes)]
    codes = [f"m{n}.energy" for n in range(count)]
    dice = random.Random(kills)
    try:
        for lap in range(kills):
            idle = lap % 2 == 0
            async with built.pool.acquire() as connection:
                for some in _shares(codes, dice):
                    await connection.fetch(_PUBLISH, _BEGIN + lap * _QUARTER, _IDLE_KWH if idle else _WORK_KWH, some)
                    await asyncio.sleep(dice.uniform(0, _ALIVE_S) / 3)
            victim = dice.randrange(processes)
            roles[victim].kill()
            roles[victim] = await start()
            await until(partial(_told, built.pool, lap + 1, count), every_s=0.1)

        async def all_sent() -> bool:
            await built.pool.execute(_LEASES_OVER)
            return not await built.pool.fetchval(_UNSENT)

        await until(all_sent, every_s=1.0)
    finally:
        for role in roles:
            await role.stop()
    return await _count(built.pool, receiver, kills, count)


def _shares(codes: list[str], dice: random.Random) -> list[list[str]]:
    """The points in three parts: a quarter hour closes bit by bit."""
    order = dice.sample(codes, len(codes))
    cut = sorted(dice.randrange(len(codes) + 1) for _ in range(2))
    return [part for part in (order[: cut[0]], order[cut[0] : cut[1]], order[cut[1] :]) if part]


async def _told(pool: asyncpg.Pool, quarters: int, count: int) -> bool:
    """Whether alerts are what the quarter hours so far make of them."""
    raised, resolved = (quarters + 1) // 2 * count, quarters // 2 * count
    sql = "SELECT count(*), count(resolved_at) FROM alert WHERE rule = 'motor_idle'"
    row = await pool.fetchrow(sql)
    assert row is not None
    return tuple(row) >= (raised, resolved)


async def _count(pool: asyncpg.Pool, receiver: Receiver, quarters: int, count: int) -> Findings:
    fired = [_BEGIN + n * _QUARTER for n in range(0, quarters, 2)]
    over = {start for start in fired if start + _QUARTER < _BEGIN + quarters * _QUARTER}
    wanted = {
        (f"m{n}", start, kind)
        for n in range(count)
        for start in fired
        for kind in ("pending", "firing", *(("resolved",) if start in over else ()))
    }
    found = Counter((r["subject"], r["started_at"], r["kind"]) for r in await pool.fetch(_TRANSITIONS))
    messages: dict[tuple[str, datetime, str], list[tuple[str, str]]] = {}
    for key, body in receiver.taken:
        alert = body["alerts"][0]
        if alert["rule"] == "motor_idle":
            what = (alert["subject"], datetime.fromisoformat(alert["started_at"]), body["event"])
            messages.setdefault(what, []).append((key, json.dumps(body, sort_keys=True)))
    events = {(s, start, "raised" if kind == "firing" else kind) for s, start, kind in wanted if kind != "pending"}
    return Findings(
        alerts=len(await pool.fetch(_ALERTS)),
        missed=len(wanted - set(found)),
        doubled=sum(found.values()) - len(set(found) & wanted),
        unsent=len(events - set(messages)),
        rekeyed=sum(len(set(copies)) - 1 for copies in messages.values()),
        repeats=sum(len(copies) - 1 for copies in messages.values()),
    )


async def _measure(options: Options) -> list[Figure]:
    kills, count = options.scaled(KILLS, least=2), MOTORS
    async with stand(options.folder, points=0, plant=motors(count)) as built, Receiver.open() as receiver:
        found = await crash(built, receiver, kills, count)
    conditions = (
        f"{found.alerts} alerts of {count} motors raised and resolved, rules killed -9 {kills} times, messages to a "
        f"webhook that takes up to {_THINKS_S:g} s; {found.repeats} messages came again, each with its key"
    )
    return [
        figure("rules_crash_missed", found.missed, "transitions", 0, conditions),
        figure("rules_crash_doubled", found.doubled, "transitions", 0, conditions),
        figure("rules_crash_unsent", found.unsent, "messages", 0, conditions),
        figure("rules_crash_rekeyed", found.rekeyed, "messages", 0, conditions),
    ]


BENCH = Bench(("rules_crash_missed", "rules_crash_doubled", "rules_crash_unsent", "rules_crash_rekeyed"), 120, _measure)
