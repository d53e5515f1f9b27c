"""From a closed quarter hour to its alert in `GET /alerts`: 2 000 points, 200 rules, every point closing at once.

The stamps run through one day in quarter hours; the gaps that meters may have are longer than that, so that only the
readings close a quarter hour, never the clock. Every lap is one quarter hour of all points: some meters jump over the
limit of a rule of their line, and fall back in the next lap. What counts is the ledger's own instant of publication and
the instant at which the alert was first seen. In the first quarter hour everything is judged for the first time ever,
and written down: what its alerts took is told beside the figure.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from bench.figures import Bench, Figure, Options, figure
from bench.publisher import Publisher, packet
from bench.stand import ENTERPRISE, Stand, free_port, stand, until
from enms.metering import INTERVAL_S
from rules.book import BUNDLED, read_books, sound_rules

POINTS = 2_000
MOTORS = 100
RULES = 200
_LINES = 20
_LAPS = 30
_JUMPS = 40  # a lap
_PER_MESSAGE = 100
_USUAL, _JUMPED, _LIMIT = 100.0, 500.0, 400.0
_PROMISED_S = 2.0
_LOST_AFTER_S = 60.0
_PAUSE_S = 3.0
_QUARTER = timedelta(seconds=INTERVAL_S)
# Longer than the whole run, for what is read once a quarter hour.
_GAP_S = 10 * 86_400
_CLOSED = """
SELECT p.code, i.start, i.known_at FROM interval AS i JOIN point AS p USING (e, p)
WHERE i.start = $1 AND p.code = ANY ($2)
"""


async def _measure(options: Options) -> list[Figure]:
    laps = options.scaled(_LAPS, least=4)
    port, begin = free_port(), _begin(laps + 1)
    own = options.folder / "rules"
    own.mkdir()
    (own / "lines.yaml").write_text(_book(RULES - len(sound_rules(read_books([BUNDLED])))), encoding="utf-8")
    async with stand(options.folder, points=0, plant=_plant()) as built:
        for role in ("ingest", "ledger", "api", "rules"):
            await built.start(role, ENMS_HTTP_PORT=str(port), ENMS_RULES_DIR=str(own))
        watch = _Watch(built, f"http://127.0.0.1:{port}/api/v1/alerts")
        async with Publisher(built.broker.host, built.broker.port, "bench-publisher") as publisher:
            await publisher.send(_lap(0, begin, 0.0))

            async def quarter_hour(number: int) -> None:
                await publisher.send(_lap(number, begin, _JUMPED - _USUAL))
                await watch.lap(begin + (number - 1) * _QUARTER, [code for code in _meters() if _jumps(code, number)])
                options.say(f"quarter hour {number} of {laps + 1}: slowest {watch.delays[-1]:.2f} s")

            await quarter_hour(1)
            first, watch.delays = watch.delays[-1], []
            cpu_before = built.roles["rules"].cpu_s()
            for number in range(2, laps + 2):
                await quarter_hour(number)
        judged = await built.pool.fetchval("SELECT count(*) FROM rule_subject")
        cpu = (built.roles["rules"].cpu_s() - cpu_before) / laps
    delays = sorted(watch.delays)
    p99 = delays[min(len(delays) - 1, int(len(delays) * 0.99))]
    conditions = (
        f"p99 of {len(delays)} alerts from the ledger's publication of the quarter hour to GET /alerts; {POINTS} "
        f"points closing at once, {RULES} rules on {judged} subjects, {laps} quarter hours "
        f"after a first one ({first:.2f} s); all roles, {built.broker.kind}, publisher and database on this machine; "
        f"limit: promised; median {delays[len(delays) // 2]:.2f} s, "
        f"rules took {cpu:.2f} s of processor a quarter hour"
    )
    return [figure("closed_to_alert_p99", p99, "s", _PROMISED_S, conditions)]


class _Watch:
    """Waits for the alerts of one quarter hour after the other."""

    def __init__(self, built: Stand, url: str) -> None:
        self._built = built
        self._url = url
        self.delays: list[float] = []

    async def lap(self, start: datetime, codes: list[str]) -> None:
        """Until every jump of a quarter hour is an alert, and everything has come to rest."""
        seen: dict[str, float] = {}
        begun = time.monotonic()
        wanted = {"enterprise": ENTERPRISE, "state": "firing", "limit": "1000", "kind": "threshold"}
        async with httpx.AsyncClient(timeout=30) as client:
            while len(seen) < len(codes):
                items = (await client.get(self._url, params=wanted)).raise_for_status().json()["items"]
                now = time.time()
                for item in items:
                    if item["rule"].startswith("line_") and datetime.fromisoformat(item["started_at"]) == start:
                        seen.setdefault(item["subject"], now)
                assert time.monotonic() - begun < _LOST_AFTER_S, f"{len(seen)} of {len(codes)} alerts"
                await asyncio.sleep(0.05)
        closed = await self._built.pool.fetch(_CLOSED, start, codes)
        assert {row["code"] for row in closed} == set(seen), "a quarter hour was not closed"
        self.delays += sorted(seen[row["code"]] - row["known_at"].timestamp() for row in closed)
        await until(self._rested)
        # quarter hours are fifteen minutes apart: nobody is still writing down the one before
        await asyncio.sleep(_PAUSE_S)

    async def _rested(self) -> bool:
        busy = "SELECT EXISTS (SELECT FROM dirty) OR EXISTS (SELECT FROM ledger_change)"
        return not await self._built.pool.fetchval(busy)


def _begin(laps: int) -> datetime:
    """Where the stamps begin: the last one is just past."""
    now = datetime.now(UTC)
    return now - timedelta(seconds=now.timestamp() % INTERVAL_S) - laps * _QUARTER


def _meters() -> list[str]:
    return [f"line{n % _LINES}.meter{n}.energy" for n in range(POINTS - MOTORS)]


def _gauges() -> list[str]:
    return [f"line{n % _LINES}.motor{n}.power" for n in range(MOTORS)]


def _jumps(code: str, number: int) -> bool:
    """Whether a meter takes more in a quarter hour: others in every one."""
    at = int(code.split(".")[1].removeprefix("meter"))
    return at % (len(_meters()) // _JUMPS) == number % (len(_meters()) // _JUMPS)


def _lap(number: int, begin: datetime, jump: float) -> Iterator[bytes]:
    """The readings at the end of a quarter hour, of every point."""
    at = round((begin + number * _QUARTER).timestamp() * 1000)
    values = {code: _USUAL * number + jump * _jumped_before(code, number) for code in _meters()}
    values |= dict.fromkeys(_gauges(), 30.0)
    codes = list(values)
    for group in range(0, len(codes), _PER_MESSAGE):
        some = {code: values[code] for code in codes[group : group + _PER_MESSAGE]}
        body = msgspec.json.encode({"t": at, "values": some})
        yield packet(f"energy/v1/{ENTERPRISE}/gw{group}/readings", body, group + number)


def _jumped_before(code: str, number: int) -> int:
    """How often a register jumped up to a quarter hour's end."""
    return sum(_jumps(code, n) for n in range(1, number + 1))


def _plant() -> str:
    energy = "carrier: electricity, unit: kWh, period_s: 900"
    power = "carrier: electricity, role: property, reading: gauge, unit: kW, period_s: 900"
    plate = "type: cage, rated_kw: 45, poles: 4, efficiency_pct: 94.2, duty: continuous"
    return "\n".join(
        [
            f"enterprise: {{code: {ENTERPRISE}, name: {{zh: 测, en: Bench}}, industry: other}}",
            "processes:",
            *(f"  - {{code: line{n}, name: {{zh: 线, en: Line}}, kind: other}}" for n in range(_LINES)),
            "points:",
            *(f"  - {{code: {c}, process: {c.split('.')[0]}, {energy}, max_gap_s: {_GAP_S}}}" for c in _meters()),
            *(f"  - {{code: {c}, process: {c.split('.')[0]}, {power}, max_gap_s: {_GAP_S}}}" for c in _gauges()),
            "motors:",
            *(
                f"  - {{code: {c.removesuffix('.power')}, process: {c.split('.')[0]}, {plate}, points: {{power: {c}}}}}"
                for c in _gauges()
            ),
        ]
    )


def _book(count: int) -> str:
    """Rules on the meters of a line, each with a figure of its own; those above the first twenty never fire."""
    rules = ["rules:"]
    for n in range(count):
        limit = _LIMIT if n < _LINES else 10 * _JUMPED + n
        rules.append(
            f"  - {{id: line_{n}, kind: threshold, title: {{zh: 线, en: Line}}, purpose: operational, "
            f"watches: {{points: ['line{n % _LINES}.meter*']}}, condition: {{over: {limit}}}, unit: kWh, "
            "severity: warning, cadence: interval, source: bench, notify: [energy_manager], "
            "runbook: {zh: 查, en: look}}"
        )
    return "\n".join(rules)


BENCH = Bench(("closed_to_alert_p99",), 240, _measure)
