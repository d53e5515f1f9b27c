"""mosquitto as its container runs it: our start script, our configuration, accounts made by our script."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiomqtt

from cli.broker import mosquitto
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]


@dataclass
class Guarded:
    """A running mosquitto that takes only accounts of `secrets`."""

    port: int
    secrets: Path
    tls_port: int | None = None

    def client(self, user: str | None, password: str | None = None) -> aiomqtt.Client:
        known = f"mqtt_{str(user).removeprefix('enms-')}_password"
        if password is None and (self.secrets / known).exists():
            password = (self.secrets / known).read_text()
        return aiomqtt.Client("127.0.0.1", self.port, username=user, password=password)


async def _open(process: asyncio.subprocess.Process, port: int) -> bool:
    assert process.returncode is None, await process.stdout.read() if process.stdout else b""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    return True


@asynccontextmanager
async def guarded(folder: Path, secrets: Path, port: int, tls_port: int | None = None) -> AsyncIterator[Guarded]:
    """docker/mosquitto/start.sh as the container runs it, its folders moved."""
    home, config = folder / "mosquitto", folder / "config"
    (home / "data").mkdir(parents=True)
    shutil.copytree(ROOT / "docker" / "mosquitto", config)
    for file in config.iterdir():
        text = file.read_text().replace("/mosquitto/config", str(config)).replace("/run/secrets", str(secrets))
        text = text.replace(" /mosquitto/", f" {home}/").replace("listener 1883", f"listener {port} 127.0.0.1")
        file.write_text(text.replace("listener 8883", f"listener {tls_port} 127.0.0.1"))
    for path in (folder, home, home / "data", config):
        path.chmod(0o777)
    program = mosquitto()
    assert program is not None
    process = await asyncio.create_subprocess_exec(
        "sh", str(config / "start.sh"), env={"PATH": f"{program.parent}:/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        for waited in (port, tls_port):
            if waited is not None:
                await eventually(lambda at=waited: _open(process, at), not_yet=(OSError,))
        yield Guarded(port, secrets, tls_port)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        printed, _ = await process.communicate()
        assert process.returncode == 0, printed
