"""`enms serve`: all roles for real plants, without simulators."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import log
from cli.stand import Stand, run
from cli.supervisor import Role
from cli.surroundings import load_settings
from enms.settings import Settings

ROLES = ("ingest", "ledger", "rules", "api", "housekeeping")
"""In the order of a reading's journey, and who tidies up after it."""


def command(
    port: Annotated[int | None, typer.Option(help="Port of the console; ENMS_HTTP_PORT.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the data; ENMS_DATA_DIR.")] = None,
) -> None:
    """All roles for real plants, without simulators; a bundled database and broker where none is configured."""
    settings = load_settings(http_port=port, data_dir=data_dir)
    log.set_up(settings, "serve")
    run(Stand("enms serve", settings, roles(settings)))


def roles(settings: Settings) -> list[Role]:
    """The roles; each has a health port of its own, from ENMS_HEALTH_PORT on (the API serves its own)."""
    env: dict[str, dict[str, str]] = {name: {"ENMS_HTTP_PORT": str(settings.http_port)} for name in ROLES}
    for number, name in enumerate(ROLES):
        wanted = settings.health_port + number if settings.health_port and name != "api" else 0
        env[name]["ENMS_HEALTH_PORT"] = str(wanted)
    return [Role(name, (name,), env[name]) for name in ROLES]
