"""Where this process finds its database and its broker.

Set by the operator, or found: `enms demo` and `enms serve` leave the addresses of what they started in the data
folder, so that a command in another terminal meets them there.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psutil
from pydantic import ValidationError

from db import postmaster
from db.account import home_of_data
from db.embedded import EmbeddedServer
from db.migrate import migrate
from enms.errors import EnvironmentProblem, InputError, Mistake, UnavailableError
from enms.settings import Settings

_DEFAULT_BROKER = "mqtt://127.0.0.1:1883"


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a running `enms demo` or `enms serve` started: its process and where things listen."""

    pid: int
    started: float
    mqtt_url: str
    http_url: str


def load_settings(**chosen: Any) -> Settings:
    """Settings from the environment, `chosen` on top.

    Raises:
        InputError: values that cannot be, all at once, by the name of their variable.
    """
    try:
        return Settings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as problem:
        raise settings_mistakes(problem) from problem


def settings_mistakes(problem: ValidationError) -> InputError:
    """Pydantic's complaint in our words."""
    return InputError(
        "settings",
        [Mistake(f"ENMS_{str(e['loc'][0]).upper()}" if e["loc"] else "", e["msg"]) for e in problem.errors()],
    )


def data_dir(settings: Settings) -> Path:
    """The folder that really holds the data (as root it may be another than the one asked for)."""
    return home_of_data(
        settings.data_dir, default=Settings.model_fields["data_dir"].get_default(call_default_factory=True)
    )


def database_folder(settings: Settings) -> Path:
    """The bundled server's data folder."""
    return data_dir(settings) / "postgres"


def database_dsn(settings: Settings, user: str = "enms") -> str | None:
    """The configured database, else the bundled server if it runs now, else None."""
    if settings.database_url is not None:
        return settings.database_url
    server = postmaster.running(database_folder(settings))
    return server.dsn("enms", user) if server is not None else None


def mqtt_url(settings: Settings) -> str:
    """The configured broker, else that of a running demo or serve, else this machine's port 1883."""
    if settings.mqtt_url is not None:
        return settings.mqtt_url
    found = addresses(settings)
    return found.mqtt_url if found is not None else _DEFAULT_BROKER


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[str]:
    """A database for one command: the configured one, the running bundled one, or one started for the while.

    Gives the DSN of a login that owns the database.

    Raises:
        EnvironmentProblem: the bundled server cannot be started.
    """
    dsn = database_dsn(settings, user="enms_migrator")
    if dsn is not None:
        yield dsn
        return
    async with EmbeddedServer(database_folder(settings)) as server:
        dsn = server.dsn(user="enms_migrator")
        await migrate(dsn)
        yield dsn


def required_dsn(settings: Settings) -> str:
    """The database of a role that cannot start one.

    Raises:
        UnavailableError: none is configured and the bundled server does not run.
    """
    dsn = database_dsn(settings)
    if dsn is None:
        raise UnavailableError(
            f"no database: set ENMS_DATABASE_URL, or start `enms serve` (nothing runs on {database_folder(settings)})"
        )
    return dsn


def leave_addresses(folder: Path, mqtt: str, http: str) -> Path:
    """Write down in the data folder where things listen, for commands in other terminals; return the file."""
    file = folder / "addresses.json"
    mine = Addresses(os.getpid(), psutil.Process().create_time(), mqtt, http)
    file.write_bytes(msgspec.json.encode(mine))
    return file


def addresses(settings: Settings) -> Addresses | None:
    """What a running demo or serve on this data folder left; None if it no longer runs."""
    try:
        found = msgspec.json.decode((data_dir(settings) / "addresses.json").read_bytes(), type=Addresses)
        lives = psutil.Process(found.pid).create_time() == found.started
    except (FileNotFoundError, msgspec.DecodeError, psutil.NoSuchProcess):
        return None
    except PermissionError as problem:
        raise EnvironmentProblem(f"{data_dir(settings)} belongs to another user") from problem
    return found if lives else None
