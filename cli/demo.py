"""`enms demo`: three simulated plants, three weeks of history, and everything live, on this machine alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
import typer

from cli import course, log
from cli.database import connected
from cli.neighbours import Neighbours
from cli.serve import roles
from cli.stand import Stand, run
from cli.supervisor import Role
from cli.surroundings import load_settings
from db.plant_load import load_plant
from enms.cuts import Cuts
from enms.plant import Plant
from enms.plant_file import read_plant_file
from enms.settings import Settings
from simulators.scenario import plant_files

logger = structlog.get_logger()
_HISTORY = "history"


def command(
    port: Annotated[int | None, typer.Option(help="Port of the console; ENMS_HTTP_PORT.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the data; ENMS_DATA_DIR.")] = None,
    # Fourteen days that energy baselines are fitted to, and the week that leads up to the plants' faults.
    days: Annotated[float, typer.Option(min=0.0, max=400.0, help="History on the first start, days.")] = 21.0,
    seed: Annotated[int, typer.Option(help="Everything random follows from it.")] = 1,
    speed: Annotated[
        float | None,
        typer.Option(min=1.0, help="Play the history over MQTT so many times as fast, instead of filling it at once."),
    ] = None,
    fill: Annotated[bool, typer.Option(help="Fill the history, and the gap since the last start.")] = True,
) -> None:
    """Three simulated plants on a bundled database and broker; a second start goes on with the same data."""
    settings = load_settings(http_port=port, data_dir=data_dir)
    log.set_up(settings, "demo")
    prepare = partial(_prepare, settings=settings, days=days, seed=seed, speed=speed or 0.0, fill=fill)
    # Rules about arrival judge what comes as it comes: history filled beside live plants would be a gap of days.
    patient = [replace(role, after=_HISTORY) if role.name == "rules" else role for role in roles(settings)]
    run(Stand("enms demo: simulated plants", settings, patient, prepare))


async def _prepare(
    neighbours: Neighbours, *, settings: Settings, days: float, seed: int, speed: float, fill: bool
) -> Sequence[Role]:
    """Load the plants and settle what is simulated."""
    now = datetime.now(UTC)
    plants = [read_plant_file(file) for file in plant_files()]
    file = course.path(neighbours.folder)
    async with connected(settings.model_copy(update={"database_url": neighbours.dsn})) as connection:
        plan = await course.planned(
            connection,
            course.read(file),
            now=now,
            enterprises=[plant.enterprise.code for plant in plants],
            days=days,
            seed=seed,
            speed=speed,
            fill=fill,
        )
        for plant in plants:
            summary = await load_plant(connection, budgeted(plant, plan.since or now), now=now)
            logger.info("plant loaded", plant=plant.enterprise.code, summary=str(summary))
    course.write(file, plan)
    live = Role("plants", ("demo-live",))
    return (live, Role(_HISTORY, ("demo-fill",), once=True, background=True)) if plan.history else (live,)


def budgeted(plant: Plant, begins: datetime) -> Plant:
    """The plant with its budgets for what the demo can show: from its first whole day to the end of that year."""
    cuts = Cuts(ZoneInfo(plant.enterprise.timezone))
    first = cuts.local_day(begins) + timedelta(days=1)
    new_year = date(first.year + 1, 1, 1)
    share = (new_year - first) / (new_year - date(first.year, 1, 1))
    budgets = tuple(
        budget.model_copy(update={"year": first.year, "since": first, "amount": round(budget.amount * share, 1)})
        for budget in plant.budgets
    )
    return plant.model_copy(update={"budgets": budgets})
