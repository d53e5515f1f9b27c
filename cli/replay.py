"""`enms replay`: a file of history, through MQTT, into the ledger."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cli import log
from cli.database import connected
from cli.replaying import Outcome, Replay
from cli.surroundings import load_settings, mqtt_url, required_dsn
from db.plant_load import load_plant
from db.replay import KnownPoint, points
from enms.errors import InputError, Mistake
from enms.plant_file import read_plant_file
from enms.settings import Settings
from ingest.history import History, Past
from ingest.mapping import MappingFile
from ingest.subscriber import Broker

_SHOWN = 10
_GATEWAY = "replay"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a replay did, for `--json`."""

    file: str
    enterprise: str
    rows: int
    readings: int
    stored: int
    contradicted: int
    refused: list[str]
    empty_values: int
    bad_rows: list[str]
    midnight_rows_moved: int
    messages: int
    messages_resent: int
    seconds: float


def command(
    file: Annotated[Path, typer.Argument(help="CSV file with a header line.")],
    mapping: Annotated[Path, typer.Option(help="Which columns are which points (YAML).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Publish a file of history over MQTT; returns when the ledger has taken everything in."""
    settings = load_settings()
    log.set_up(settings.model_copy(update={"log_level": "ERROR"}))
    summary = asyncio.run(_replay(settings, file, MappingFile(mapping)))
    if as_json:
        typer.echo(json.dumps(asdict(summary), ensure_ascii=False))
    else:
        _show(summary)


async def _replay(settings: Settings, file: Path, mapping: MappingFile) -> Summary:
    """Everything.

    Raises:
        MappingError: the mapping or the file, all mistakes at once.
        UnavailableError: no database, no broker, or nobody who takes the readings in.
    """
    begun = time.monotonic()
    broker = Broker.from_url(mqtt_url(settings), settings.mqtt_ca_file)
    required_dsn(settings)  # `connected` would start a database nobody else looks at
    async with connected(settings) as connection:
        known = await _points(connection, mapping)
        history = History(file, mapping, {code: point.reading for code, point in known.items()})
        mapped = {column.point: known[column.point] for column in mapping.mapping.columns}
        topic = f"energy/v1/{mapping.mapping.enterprise}/{_gateway(broker)}/readings"
        replay = Replay(connection, broker, topic, mapped)
        with _progress() as progress:
            reading = progress.add_task("publishing", total=_rows(file))
            await replay.publish(_followed(history, progress, reading))
            if history.rows and not replay.outcome.readings:
                raise InputError(str(file), history.bad[:_SHOWN] or [Mistake("", "no values at all")])
            deriving = progress.add_task("ledger", total=None)
            await replay.settle(
                lambda spans, open_points: progress.update(deriving, description=f"ledger {spans + open_points}")
            )
    return _summary(file, mapping, history, replay.outcome, time.monotonic() - begun)


async def _points(connection: asyncpg.Connection, mapping: MappingFile) -> dict[str, KnownPoint]:
    """The enterprise's points; its plant file is loaded where it is unknown."""
    code = mapping.mapping.enterprise
    if known := await points(connection, code):
        return known
    if mapping.plant_file is None:
        raise mapping.error([(("enterprise",), f"{code} is unknown, and no plant file is named under `plant`")])
    plant = read_plant_file(mapping.plant_file)
    if plant.enterprise.code != code:
        raise mapping.error([(("enterprise",), f"is {code}, but the plant file is of {plant.enterprise.code}")])
    await load_plant(connection, plant, now=datetime.now(UTC))
    return await points(connection, code)


def _gateway(broker: Broker) -> str:
    """The name this login may publish as: gateways sign in as `{enterprise}/{gateway}`."""
    _, _, gateway = (broker.username or "").partition("/")
    return gateway or _GATEWAY


def _rows(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for _ in lines) - 1


def _followed(history: History, progress: Progress, task: TaskID) -> Iterator[Past]:
    for reading in history.readings():
        if history.rows % 100 == 0:
            progress.update(task, completed=history.rows)
        yield reading
    progress.update(task, completed=history.rows)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


def _summary(file: Path, mapping: MappingFile, history: History, outcome: Outcome, seconds: float) -> Summary:
    return Summary(
        file=str(file),
        enterprise=mapping.mapping.enterprise,
        rows=history.rows,
        readings=outcome.readings,
        stored=outcome.stored,
        contradicted=outcome.contradicted,
        refused=[f"{row.reason}: {row.detail}" for row in outcome.refused],
        empty_values=history.empty,
        bad_rows=[str(mistake) for mistake in history.bad],
        midnight_rows_moved=history.moved,
        messages=outcome.messages,
        messages_resent=outcome.resent,
        seconds=round(seconds, 1),
    )


def _show(summary: Summary) -> None:
    typer.echo(
        f"{summary.enterprise}: {summary.rows} rows, {summary.stored} of {summary.readings} readings stored and in the "
        f"ledger, {summary.seconds} s"
    )
    if summary.midnight_rows_moved:
        typer.echo(f"{summary.midnight_rows_moved} rows dated 0:00 were read as the end of their day")
    if summary.empty_values:
        typer.echo(f"{summary.empty_values} values were empty")
    if summary.messages_resent:
        typer.echo(f"{summary.messages_resent} messages got lost and were sent again")
    if summary.contradicted:
        typer.echo(f"{summary.contradicted} readings were there with another value; they are kept as corrections")
    for title, lines in (("not readable", summary.bad_rows), ("in quarantine", summary.refused)):
        if lines:
            typer.echo(f"{title}: {len(lines)}")
            for line in lines[:_SHOWN]:
                typer.echo("  " + " ".join(line.split()))
            if len(lines) > _SHOWN:
                typer.echo(f"  and {len(lines) - _SHOWN} more")
