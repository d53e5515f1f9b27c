"""A plant in a real database, and a ledger written by hand: the rules' input is the interval table."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from db.alerts import AlertRow, Filter, TransitionRow, evidence, list_alerts, transitions
from db.plant_load import load_plant
from db.plants import EnterpriseRow, enterprise, owners
from db.publication import Day, cuts, put_days
from db.rules import subjects
from enms.cuts import Cut
from enms.plant import Plant
from enms.plant_file import parse_plant, read_plant_file
from rules.book import BUNDLED, BookFile, read_books
from rules.evaluator import Evaluator, Outcome

PLANTS = Path(__file__).parent / "plants"
QUARTER = timedelta(minutes=15)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_RUN = re.compile(r"(?:(-?[\d.]+)|_)(?:\*(\d+))?")


def series(text: str | float | Sequence[float | None]) -> list[float | None]:
    """`100*4 _*2 50`: 100 four times, nothing twice, 50 once."""
    if isinstance(text, int | float):
        return [float(text)]
    if not isinstance(text, str):
        return list(text)
    values: list[float | None] = []
    for word in text.split():
        match = _RUN.fullmatch(word)
        assert match is not None, f"{word!r} is not a value with a count, such as 100*4 or _*2"
        values += [None if match[1] is None else float(match[1])] * int(match[2] or 1)
    return values


@dataclass
class World:
    """One enterprise.

    Attributes:
        clock: the wall clock; every publication and evaluation is a second later than the one before.
    """

    connection: asyncpg.Connection
    enterprise: EnterpriseRow
    evaluator: Evaluator
    numbers: dict[str, int]
    gauges: frozenset[str] = frozenset()
    clock: datetime = datetime(2026, 11, 22, tzinfo=UTC)
    ends: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    async def build(cls, connection: asyncpg.Connection, plant: Plant | str, books: Sequence[BookFile] = ()) -> World:
        """Load a plant (or `plants/<name>.yaml`) and the bundled rules (or others)."""
        content = read_plant_file(PLANTS / f"{plant}.yaml") if isinstance(plant, str) else plant
        await load_plant(connection, content, now=LONG_AGO)
        row = await enterprise(connection, content.enterprise.code)
        numbers = {r["code"]: r["p"] for r in await connection.fetch("SELECT code, p FROM point WHERE e = $1", row.e)}
        gauges = frozenset(p.code for p in content.points if p.reading == "gauge" and p.unit == "kW")
        return cls(connection, row, Evaluator(books or read_books([BUNDLED])), numbers, gauges)

    def tick(self) -> datetime:
        self.clock += timedelta(seconds=1)
        return self.clock

    async def publish(
        self,
        point: str,
        values: str | float | Sequence[float | None],
        start: datetime | None = None,
        *,
        covered_s: float = 900.0,
        estimated_s: float = 0.0,
    ) -> None:
        """Publish (or revise) quarter hours of a point, as the ledger does in one transaction.

        A power gauge also gets a reading a quarter hour, unless `read` gave it some.
        """
        begin = start or self.ends[point]
        if point in self.gauges:
            await self.read(point, [None if v is None else 4 * v for v in series(values)], begin, QUARTER, new=True)
        await publish(
            self.connection,
            self.enterprise.e,
            self.numbers[point],
            begin,
            series(values),
            self.tick(),
            covered_s=covered_s,
            estimated_s=estimated_s,
        )
        self.ends[point] = max(self.ends.get(point, begin), begin + len(series(values)) * QUARTER)

    async def read(
        self,
        point: str,
        values: str | float | Sequence[float | None],
        start: datetime | None = None,
        step: timedelta = timedelta(minutes=1),
        *,
        new: bool = False,
    ) -> None:
        """Readings of a gauge, one a step; `new`: only where there are none within it."""
        e, p, begin = self.enterprise.e, self.numbers[point], start or self.ends[point]
        await self.connection.executemany(
            """INSERT INTO reading (e, p, ts, value, quality, origin, received_at)
               SELECT $1, $2, $3, $4, 0, 0, $3
               WHERE NOT $5 OR NOT EXISTS (SELECT FROM reading WHERE e = $1 AND p = $2 AND ts > $3 AND ts < $6)
               ON CONFLICT (e, p, ts) DO UPDATE SET value = excluded.value WHERE NOT $5 OR reading.ts = $3""",
            [
                (e, p, begin + i * step, value, new, begin + (i + 1) * step)
                for i, value in enumerate(series(values))
                if value is not None
            ],
        )

    async def change(self, text: str, effective_from: datetime | None = None) -> None:
        """Load another plant file of the same enterprise."""
        await load_plant(self.connection, parse_plant(text, "changed"), now=self.tick(), effective_from=effective_from)
        rows = await self.connection.fetch("SELECT code, p FROM point WHERE e = $1", self.enterprise.e)
        self.numbers |= {row["code"]: row["p"] for row in rows}

    async def evaluate(self) -> list[Outcome]:
        """Evaluate until nothing is left to catch up."""
        outcomes = []
        while True:
            outcomes.append(await self.evaluator.evaluate(self.connection, self.enterprise, self.tick()))
            assert not outcomes[-1].failed, await subjects(self.connection, self.enterprise.e)
            if not outcomes[-1].more:
                return outcomes

    async def evaluate_district(self) -> list[Outcome]:
        """The same of what is judged of all plants together; nothing where nothing is."""
        outcomes = []
        district = await self.evaluator.district(self.connection, self.tick())
        while district is not None:
            outcomes.append(await self.evaluator.evaluate(self.connection, district, self.tick()))
            assert not outcomes[-1].failed, await subjects(self.connection, district.e)
            if not outcomes[-1].more:
                break
        return outcomes

    async def alerts(
        self, rule: str | None = None, subject: str | None = None, *, everybody: bool = False
    ) -> list[AlertRow]:
        """All alerts of this plant, or of everybody, first started first."""
        wanted = Filter(rule=rule, subject=subject)
        es = [row.e for row in await owners(self.connection)] if everybody else [self.enterprise.e]
        found = await list_alerts(self.connection, es, wanted, limit=1000)
        return sorted(found, key=lambda a: (a.started_at, a.id))

    async def steps(self, alert: AlertRow) -> list[str]:
        """Kinds of an alert's transitions, in order."""
        return [t.kind for t in await self.transitions(alert)]

    async def transitions(self, alert: AlertRow) -> list[TransitionRow]:
        return await transitions(self.connection, alert)

    async def body(self, alert: AlertRow) -> dict[str, object]:
        """The latest evidence."""
        return json.loads((await evidence(self.connection, alert))[-1].body)

    async def story(self) -> list[tuple[object, ...]]:
        """What must not depend on the order of arrival: episodes that count, and the hashes of their evidence."""
        told = []
        for alert in await self.alerts():
            if alert.retracted or alert.merged_into is not None:
                continue
            last = (await evidence(self.connection, alert))[-1]
            told.append((alert.rule, alert.subject, alert.started_at, alert.fired_at, alert.resolved_at, last.sha256))
        return sorted(told, key=str)


async def publish(
    connection: asyncpg.Connection,
    e: int,
    p: int,
    start: datetime,
    values: Sequence[float | None],
    known_at: datetime,
    *,
    covered_s: float = 900.0,
    estimated_s: float = 0.0,
) -> None:
    """Write ledger rows, what they replace, how far the point is, and what changed."""
    end = start + len(values) * QUARTER
    async with connection.transaction():
        starts = [start + i * QUARTER for i, v in enumerate(values) if v is not None]
        await connection.execute(
            """INSERT INTO interval_revision
               SELECT e, p, start, rev, amount, covered_s, estimated_s, apportioned_s, basis, suspect, known_at
               FROM interval WHERE e = $1 AND p = $2 AND start = ANY ($3)""",
            e,
            p,
            starts,
        )
        await connection.executemany(
            """INSERT INTO interval
               SELECT $1::int, $2::int, $3::timestamptz, $4::float8, $5::float8, $6::float8, 0, 0, false,
                      -- closed as missing before: its first revision is the second
                      CASE WHEN EXISTS (SELECT FROM point_state AS s WHERE s.e = $1 AND s.p = $2
                                        AND s.first_ts <= $3 AND s.closed_until > $3) THEN 2 ELSE 1 END, $7::timestamptz
               ON CONFLICT (e, p, start) DO UPDATE SET amount = excluded.amount, covered_s = excluded.covered_s,
               estimated_s = excluded.estimated_s, rev = interval.rev + 1, known_at = excluded.known_at""",
            [
                (e, p, start + i * QUARTER, value, covered_s, estimated_s, known_at)
                for i, value in enumerate(values)
                if value is not None
            ],
        )
        await connection.execute(
            """INSERT INTO point_state AS s (e, p, first_ts, newest_ts, closed_until) VALUES ($1, $2, $3, $4, $4)
               ON CONFLICT (e, p) DO UPDATE SET first_ts = least(s.first_ts, excluded.first_ts),
               newest_ts = greatest(s.newest_ts, excluded.newest_ts),
               closed_until = greatest(s.closed_until, excluded.closed_until)""",
            e,
            p,
            start,
            end,
        )
        if starts:
            days = (await cuts(connection, [e]))[e]
            mean = await connection.fetchval(
                "SELECT aggregate = 'mean' FROM point_config_span WHERE e = $1 AND p = $2 ORDER BY valid_from DESC",
                e,
                p,
            )
            windows = days.windows(Cut.DAY, starts[0], starts[-1] + QUARTER)
            await put_days(connection, [Day(e, p, days.local_day(lo), lo, hi, mean) for lo, hi in windows])
            await connection.execute(
                "INSERT INTO ledger_change (e, p, from_start, to_start, known_at) VALUES ($1, $2, $3, $4, $5)",
                e,
                p,
                starts[0],
                starts[-1],
                known_at,
            )
