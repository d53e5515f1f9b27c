"""`enms simulate`: simulated plants publish over real MQTT, live or as fast as possible."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import asyncpg
import structlog
import typer

from cli import role
from cli.publishing import Publisher
from cli.surroundings import load_settings, mqtt_url
from db.last_readings import last_good
from enms.errors import InputError, Mistake
from enms.settings import Settings
from ingest.subscriber import Broker
from simulators.encoding import Message
from simulators.faults import Kind
from simulators.scenario import Known, LastReading, Scenario, plant_files

log = structlog.get_logger()

_NAMED = dict(zip(("steel", "rare_earth", "power"), plant_files(), strict=True))
# A run with an end plans its faults up to it; an endless one over this span from its beginning.
_PLANNED_AHEAD = timedelta(days=7)
# As fast as possible still lets the acknowledgements in.
_BREATH = 200
# So many points agree on when the plants were last heard.
_QUORUM = 10


@dataclass(frozen=True, slots=True)
class Run:
    """What to simulate, from the command line.

    Attributes:
        speed: simulated seconds a second; None: as fast as possible.
        start: None: now, or where the database stops.
    """

    plants: tuple[Path, ...]
    seed: int
    speed: float | None
    start: datetime | None
    end: datetime | None
    days: float | None
    faults: str
    anchor: datetime | None
    truth: Path | None
    continued: bool


def command(
    plant: Annotated[str, typer.Option(help="steel, rare_earth, power, all, or a plant file")] = "all",
    seed: Annotated[int, typer.Option(help="everything random follows from it")] = 1,
    speed: Annotated[str, typer.Option(help="1 is real time, 60 a minute a second, max as fast as possible")] = "1",
    start: Annotated[str | None, typer.Option("--from", help="RFC 3339, default now")] = None,
    end: Annotated[str | None, typer.Option("--to", help="RFC 3339, default never")] = None,
    days: Annotated[float | None, typer.Option(min=0.0, help="length of the run, instead of --to")] = None,
    truth: Annotated[Path | None, typer.Option(help="write the injected faults here, a JSON line each")] = None,
    faults: Annotated[str, typer.Option(help="none, demo, all, or kinds with commas")] = "none",
    anchor: Annotated[
        str | None, typer.Option(help="the 'now' planned faults lead up to; default the end of the run, or now")
    ] = None,
    mqtt: Annotated[str | None, typer.Option("--mqtt-url", help="broker, default ENMS_MQTT_URL")] = None,
    continued: Annotated[
        bool, typer.Option("--continue-from-db", help="go on where the database's readings stop")
    ] = False,
) -> None:
    """Publish simulated plants' readings over MQTT."""
    wanted = Run(
        plants=tuple(_NAMED.values()) if plant == "all" else (_NAMED.get(plant, Path(plant)),),
        seed=seed,
        speed=_speed(speed),
        start=_instant("--from", start),
        end=_instant("--to", end),
        days=days,
        faults=_faults(faults),
        anchor=_instant("--anchor", anchor),
        truth=truth,
        continued=continued,
    )
    settings = load_settings(mqtt_url=mqtt)

    async def work(settings: Settings, stop: asyncio.Event) -> None:
        await simulate(settings, wanted, stop)

    role.run("simulate", work, settings)


async def simulate(settings: Settings, run: Run, stop: asyncio.Event) -> None:
    """Publish a run's messages until it ends or `stop` is set."""
    now = datetime.now(UTC)
    known: Known = {}
    scenario = Scenario.load(run.plants, run.seed, "none")
    start = run.start or now
    if run.continued:
        known = await _known(settings, [p.code for p in scenario.plants], stop)
        start = run.start or min(now, _newest(known, now) or now)
    end = run.end or (start + timedelta(days=run.days) if run.days is not None else None)
    if end is not None and end <= start:
        raise InputError("--to", [Mistake("", "the run ends before it begins")])
    if run.faults != "none":
        anchor = run.anchor or end or (now if run.faults == "demo" else start + _PLANNED_AHEAD)
        span = (anchor - start) / timedelta(days=1) if run.faults != "demo" else 7.0
        plants = [p.plant for p in scenario.plants]
        scenario = Scenario.load(plants, run.seed, run.faults, anchor, max(span, 1.0))
    publisher = Publisher(Broker.from_url(mqtt_url(settings), settings.mqtt_ca_file))
    log.info(
        "simulating", plants=[p.code for p in scenario.plants], since=start.isoformat(), faults=len(scenario.faults)
    )
    begun = time.monotonic()
    messages = _told(scenario, scenario.readings(start, end, known), run.truth)
    await publisher.run(_paced(messages, start, run.speed, stop), stop)
    log.info("simulated", messages=publisher.published, seconds=round(time.monotonic() - begun, 1))


async def _paced(
    messages: Iterator[Message], start: datetime, speed: float | None, stop: asyncio.Event
) -> AsyncIterator[Message]:
    """Hand out each message at its time.

    At speed 1 its time is the wall clock's: what lies in the past goes out at once, and then it is live.
    """
    origin = datetime.now(UTC)
    for number, message in enumerate(messages):
        if speed is None:
            if number % _BREATH == 0:
                await asyncio.sleep(0)
        else:
            due = message.sent_at if speed == 1.0 else origin + (message.sent_at - start) / speed
            wait = (due - datetime.now(UTC)).total_seconds()
            if wait > 0:
                await role.pause(wait, stop)
            elif number % _BREATH == 0:
                await asyncio.sleep(0)
        if stop.is_set():
            return
        yield message


def _told(scenario: Scenario, messages: Iterator[Message], file: Path | None) -> Iterator[Message]:
    """The same messages; the truth is on file before the first, and again whenever a meter was exchanged."""
    written = -1
    for message in messages:
        if file is not None and written != len(scenario.exchanged):
            written = len(scenario.exchanged)
            _write_truth(scenario, file)
        yield message
    if file is not None:
        _write_truth(scenario, file)


def _write_truth(scenario: Scenario, file: Path) -> None:
    beside = file.with_name(f"{file.name}.part")
    try:
        beside.write_bytes(b"".join(line + b"\n" for line in scenario.truth()))
        beside.replace(file)
    except OSError as problem:
        raise InputError("--truth", [Mistake("", f"{file} cannot be written: {problem.strerror}")]) from problem


async def _known(settings: Settings, enterprises: list[str], stop: asyncio.Event) -> Known:
    pool: asyncpg.Pool = await role.open_pool(settings, stop, name="simulate", size=1)
    try:
        async with pool.acquire() as connection:
            rows = await last_good(connection, enterprises)
    finally:
        await pool.close()
    return {(row.enterprise, row.point): LastReading(row.ts, row.value) for row in rows}


def _newest(known: Known, now: datetime) -> datetime | None:
    """Up to when the plants were heard; a single meter whose clock ran ahead does not decide it."""
    instants = sorted((last.at for last in known.values() if last.at <= now), reverse=True)
    return instants[min(_QUORUM, len(instants)) - 1] if instants else None


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e7:
        raise typer.BadParameter(f"{text!r} is not a number above 0, or max", param_hint="--speed")
    return value


def _faults(text: str) -> str:
    kinds = [*("none", "demo", "all"), *Kind]
    for name in text.split(",") if text not in kinds[:3] else ():
        if name.strip() not in kinds[3:]:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(kinds)}", param_hint="--faults")
    return text


def _instant(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise typer.BadParameter(
            f"{text!r} is not an instant with its offset, such as 2026-11-22T18:00:00+08:00", param_hint=option
        )
    return instant.astimezone(UTC)
