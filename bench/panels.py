"""How long every panel's query takes: walls and desks, as Grafana's PostgreSQL data source would send them.

    python -m bench.panels DSN [--runs 20] [--save FILE] [--against FILE]

The text is that of the committed dashboards, macros and variables filled in as the data source does, sent by a login of
Grafana's own, planned anew each time. Time ranges: the dashboard's own, and for desks also a day and 30 days. An
enterprise's dashboard shows its variable's largest enterprise, "All" is all. `--save` keeps the medians; `--against`
holds them against a kept run, as before and after the data has grown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from bench import district
from bench.figures import Bench, Figure, Options, figure
from bench.stand import free_port
from db.embedded import EmbeddedServer
from db.engine import read_engine
from db.grafana_logins import create_login, drop_login
from db.migrate import migrate
from grafana.build import FOLDER
from grafana.macros import Scope, Value, expand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_RUNS = 20
_WARM = 2
_WALL_MS, _DESK_MS, _GROWTH = 100.0, 500.0, 1.5
_DAYS, _GROWN = 36.5, 10  # with a DSN
_BUNDLED_POINTS, _BUNDLED_DAYS = 500, 0.5
_NOISE_MS = 10.0
_BACK = {"now-1h": 1, "now-24h": 24, "now-7d": 168, "now-30d": 720}
_OTHER_RANGES = ("now-24h", "now-30d")
_LARGEST = "SELECT enterprise FROM grafana.point GROUP BY enterprise ORDER BY count(*) DESC, enterprise"


@dataclass(frozen=True, slots=True)
class Query:
    """A panel's, a variable's or an annotation's query, ready to be sent."""

    board: str
    name: str
    span: str
    sql: str

    @property
    def wall(self) -> bool:
        return self.board.startswith("enms-wall")

    def __str__(self) -> str:
        return f"{self.board}: {self.name}, {self.span}"


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds of the repeated runs."""

    p50: float
    p95: float
    rows: int


async def queries(connection: asyncpg.Connection, now: datetime) -> list[Query]:
    """All there are, at `now`; variables are asked for their values first."""
    order = [row["enterprise"] for row in await connection.fetch(_LARGEST)]
    found = []
    for path in sorted(FOLDER.rglob("*.json")):
        board = json.loads(path.read_text("utf-8"))
        own = board["time"]["from"]
        for span in dict.fromkeys((own, *(() if path.stem.startswith("enms-wall") else _OTHER_RANGES))):
            scope = Scope(now - timedelta(hours=_BACK[span]), now)
            asked, chosen = await _variables(connection, board, scope, order)
            if chosen is not None:
                full = replace(scope, variables=chosen)
                texts = [*asked, *((name, expand(text, full)) for name, text in _targets(board))]
                found += [Query(path.stem, name, span, text) for name, text in texts]
    return found


async def _variables(
    connection: asyncpg.Connection, board: Mapping[str, Any], scope: Scope, order: Sequence[str]
) -> tuple[list[tuple[str, str]], dict[str, Value] | None]:
    """The variables' queries, and what is chosen; None where there is nothing to choose: no plant of that industry."""
    asked: list[tuple[str, str]] = []
    chosen: dict[str, Value] = {"console": "http://localhost:8000"}
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            text = expand(variable["query"]["rawSql"], replace(scope, variables=chosen))
            values = [row["__value"] for row in await connection.fetch(text)]
            if not values:
                return asked, None
            largest = next((code for code in order if code in values), values[0])
            chosen[variable["name"]] = values if variable["multi"] else largest
            asked.append((f"${variable['name']}", text))
    return asked, chosen


def _targets(board: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield f"{panel['title']}/{target['refId']}", target["rawSql"]
    for annotation in board["annotations"]["list"]:
        yield annotation["name"], annotation["target"]["rawSql"]


async def timed(connection: asyncpg.Connection, query: Query, runs: int) -> Timed:
    """Run it again and again; the first runs warm the caches and do not count."""
    spent, rows = [], 0
    for turn in range(_WARM + runs):
        begun = time.perf_counter()
        rows = len(await connection.fetch(query.sql))
        if turn >= _WARM:
            spent.append((time.perf_counter() - begun) * 1000)
    return Timed(statistics.median(spent), statistics.quantiles(spent, n=20, method="inclusive")[-1], rows)


@asynccontextmanager
async def as_grafana(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A session of a login that sees the whole district, gone afterwards; it plans every query anew."""
    owner = await asyncpg.connect(dsn)
    try:
        password = secrets.token_urlsafe(24)
        name = await create_login(owner, None, password, login=f"bench_grafana_{os.getpid()}")
        parts = urlsplit(dsn)
        host = parts.netloc.rpartition("@")[2]
        session = await asyncpg.connect(
            urlunsplit(parts._replace(netloc=f"{name}:{password}@{host}")), statement_cache_size=0,
            server_settings={"statement_timeout": "60s"},
        )  # fmt: skip
        try:
            yield session
        finally:
            await session.close()
            await drop_login(owner, name)
    finally:
        await owner.close()


async def measure(dsn: str, runs: int, say: district.Say) -> dict[Query, Timed]:
    """Every query of a filled district, after it was filled up to now."""
    found: dict[Query, Timed] = {}
    async with as_grafana(dsn) as session:
        for query in await queries(session, datetime.now(UTC)):
            found[query] = await timed(session, query, runs)
            say(f"{found[query].p95:8.1f} ms  {found[query].rows:6} rows  {query}")
    return found


def grown(before: Mapping[str, float], after: Mapping[str, float]) -> tuple[float, str]:
    """The worst ratio of medians, of the queries that are long enough to tell, and which it is."""
    ratios = {name: ms / before[name] for name, ms in after.items() if name in before and ms >= _NOISE_MS}
    if not ratios:
        return 1.0, "none is long enough to tell"
    name = max(ratios, key=lambda n: ratios[n])
    return ratios[name], name


def worst(found: Mapping[Query, Timed], *, wall: bool) -> tuple[Query, Timed]:
    return max(((q, t) for q, t in found.items() if q.wall is wall), key=lambda pair: pair[1].p95)


def _medians(found: Mapping[Query, Timed]) -> dict[str, float]:
    return {str(query): one.p50 for query, one in found.items()}


async def _measure(options: Options) -> list[Figure]:
    runs = options.scaled(_RUNS, least=5)
    if options.dsn is not None:
        return await _on(options.dsn, options, runs, district.POINTS, _DAYS)
    async with EmbeddedServer(options.folder / "postgres", port=free_port()) as server:
        dsn = server.dsn(user="enms_migrator")
        return await _on(dsn, options, runs, options.scaled(_BUNDLED_POINTS, least=50), _BUNDLED_DAYS)


async def _on(dsn: str, options: Options, runs: int, points: int, days: float) -> list[Figure]:
    await migrate(dsn)
    connection = await asyncpg.connect(dsn)
    before: dict[Query, Timed] | None = None
    try:
        if not await district.is_filled(connection):
            async with connection.transaction():
                await district.prepare(connection, points, datetime.now(UTC))
            await district.fill(dsn, days * options.scale, datetime.now(UTC), say=options.say)
            await district.settle(connection)
            before = await measure(dsn, runs, options.say)
            await district.fill(dsn, days * options.scale * _GROWN, datetime.now(UTC), say=options.say)
            await district.settle(connection)
        filled = await district.fill(dsn, 0, datetime.now(UTC), say=options.say)
        found = await measure(dsn, runs, options.say)
        engine, held = await read_engine(connection), await district.size(connection)
    finally:
        await connection.close()
    where = f"{held:,} points every minute, {filled.days:.0f} days, {engine}"
    figures = []
    for name, wall, limit in (("wall_panels", True, _WALL_MS), ("desk_panels", False, _DESK_MS)):
        query, one = worst(found, wall=wall)
        count = sum(q.wall is wall for q in found)
        figures.append(figure(f"{name}_p95", one.p95, "ms", limit, f"the worst of {count} queries ({query}); {where}"))
    if before is not None:
        ratio, name = grown(_medians(before), _medians(found))
        figures.append(
            figure(
                "panels_growth",
                ratio,
                "ratio",
                _GROWTH,
                f"the worst median after {_GROWN} times the days ({name}); {where}",
            )
        )
    return figures


BENCH = Bench(("wall_panels_p95", "desk_panels_p95", "panels_growth"), 400, _measure)


async def run(dsn: str, runs: int) -> dict[str, float]:
    """Print every query's figure and the worst ones; the medians by query."""
    await district.fill(dsn, 0, datetime.now(UTC))
    found = await measure(dsn, runs, print)
    for wall in (True, False):
        query, one = worst(found, wall=wall)
        print(f"{'walls' if wall else 'desks'}: worst p95 {one.p95:.1f} ms ({query})")
    return _medians(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("dsn")
    parser.add_argument("--runs", type=int, default=_RUNS)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--against", type=Path)
    chosen = parser.parse_args()
    medians = asyncio.run(run(chosen.dsn, chosen.runs))
    if chosen.save is not None:
        chosen.save.write_text(json.dumps(medians, ensure_ascii=False, indent=1))
    if chosen.against is not None:
        before = json.loads(chosen.against.read_text())
        ratio, name = grown(before, medians)
        both = [q for q in medians if q in before]
        whole = sum(medians[q] for q in both) / sum(before[q] for q in both)
        print(f"against {chosen.against.name}: worst ratio {ratio:.2f} ({name}), all together {whole:.2f}")


if __name__ == "__main__":
    main()
