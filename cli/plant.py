"""`enms plant`: bring a plant in, check its file, write it out again."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from ruamel.yaml import YAML

from cli.database import connected
from cli.instants import instant_option
from db.plant_load import LoadSummary, load_plant
from db.plants import enterprises, read_plant
from enms.plant import Plant
from enms.plant_file import read_plant_file
from enms.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Plants: load, check, export, list.")

PlantFile = Annotated[Path, typer.Argument(help="The plant file (YAML).")]


@app.command()
def load(
    file: PlantFile,
    effective_from: Annotated[
        str | None, typer.Option(help="From when differences hold (RFC 3339); without it they correct the record.")
    ] = None,
) -> None:
    """Bring a plant in, or bring it up to date; loading the same file twice changes nothing."""
    plant = read_plant_file(file)
    since = instant_option("--effective-from", effective_from) if effective_from is not None else None
    summary = asyncio.run(_load(plant, since))
    typer.echo(f"{plant.enterprise.code}: {summary}")


@app.command()
def check(file: PlantFile) -> None:
    """Say whether a plant file can be loaded; touches no database."""
    plant = read_plant_file(file)
    typer.echo(
        f"{plant.enterprise.code}: {len(plant.processes)} processes, {len(plant.points)} points, "
        f"{len(plant.enpis)} EnPIs, {len(plant.motors)} motors"
    )


@app.command()
def export(code: Annotated[str, typer.Argument(help="Enterprise code.")]) -> None:
    """Write a stored plant as a plant file to standard output."""
    plant = asyncio.run(_read(code))
    document = json.loads(plant.model_dump_json(by_alias=True, exclude_none=True))
    yaml = YAML()
    yaml.width = 160
    yaml.default_flow_style = None
    yaml.dump(document, sys.stdout)


@app.command(name="list")
def list_() -> None:
    """The enterprises that are there."""
    for row in asyncio.run(_list()):
        typer.echo(row)


async def _load(plant: Plant, since: datetime | None) -> LoadSummary:
    async with connected(Settings()) as connection:
        return await load_plant(connection, plant, now=datetime.now(UTC), effective_from=since)


async def _read(code: str) -> Plant:
    async with connected(Settings()) as connection:
        return await read_plant(connection, code)


async def _list() -> list[str]:
    async with connected(Settings()) as connection:
        return [f"{e.code}  {e.name_zh}  {e.name_en}" for e in await enterprises(connection)]
