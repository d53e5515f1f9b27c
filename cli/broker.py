"""A local MQTT broker as a child: mosquitto where it is installed, else iotcore from the package index.

Listens on loopback only; whoever is on this machine may publish. Production has a broker of its own
(ENMS_MQTT_URL). The broker is not the store: what it keeps over a restart is a courtesy.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import structlog

from db import child
from db.account import Account, for_service, home_of_data, make_folder, may_pass
from db.binaries import switch
from enms.errors import EnvironmentProblem

log = structlog.get_logger()

HOST = "127.0.0.1"
_LARGEST_MESSAGE = 4 * 1024 * 1024
_PORTS_TRIED = 50

_MOSQUITTO = """\
listener {port} {host}
allow_anonymous true
persistence true
persistence_location {folder}/
# Default 30 min: a killed broker would forget its sessions and everything queued for them.
autosave_interval 5
# Default 1000 loses what a gateway sends in the seconds an ingest process takes to restart.
max_queued_messages 1000000
# Sparkplug sends data by QoS 0: kept for an ingest process that is away, as in docker/mosquitto/.
queue_qos0_messages true
max_queued_bytes 536870912
max_inflight_messages 4000
message_size_limit {largest}
set_tcp_nodelay true
connection_messages false
log_dest stderr
log_type error
log_type warning
"""

# max_payload_size: iotcore's own default is 20 KB. It speaks MQTT 3.1.1 only on a plain listener.
_IOTCORE = """\
import logging
logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
from iotcore.iotcore import IotCoreBroker
IotCoreBroker(listen={host!r}, port={port}, max_payload_size={largest}, max_inflight_count=1000).run_forever()
"""


class LocalBroker:
    """A broker on 127.0.0.1.

    Args:
        folder: where it keeps sessions and queued messages; created when missing.
        port: the first port to try; the next free one is taken when `search`.
        search: False: exactly this port.
    """

    def __init__(self, folder: Path, *, port: int = 1883, search: bool = True) -> None:
        self.folder = home_of_data(folder.parent) / folder.name
        self.port = port
        self.kind = "mosquitto" if mosquitto() is not None else "iotcore"
        self._search = search
        self._child: child.Child | None = None
        self._log: IO[bytes] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def host(self) -> str:
        return HOST

    @property
    def url(self) -> str:
        """As ENMS_MQTT_URL has it."""
        return f"mqtt://{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._child.pid if self._child is not None else None

    async def start(self) -> None:
        """Start and wait until it accepts connections; a later start takes the same port again.

        Raises:
            EnvironmentProblem: no permission, no free port, or the broker refuses to start.
        """
        account = for_service(("mosquitto",), self.folder)
        self._prepare(account)
        for port in range(self.port, self.port + (_PORTS_TRIED if self._search else 1)):
            if is_free(port):
                self.port, self._search = port, False
                break
        else:
            raise EnvironmentProblem(f"port {self.port} for the broker is taken")
        self._log = self._beside(".log").open("ab")
        command = self._command()
        self._child = child.start(
            command,
            user=switch(account) if self.kind == "mosquitto" else None,
            own_session=True,
            output=self._log,
            cwd=Path("/"),
            name="broker",
        )
        await self._ready()

    async def stop(self, grace_s: float = 5.0) -> None:
        """Ask it to end; it writes down sessions and queued messages first."""
        await self._end(grace_s, signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a crash would: nothing is written down."""
        await self._end(1.0, signal.SIGKILL)

    async def restart(self) -> None:
        """Start again after it ended by itself."""
        await self.kill()
        await self.start()

    async def wait(self) -> int:
        """Wait until the broker ends by itself; return its exit status."""
        assert self._child is not None, "not started"
        return await self._child.wait()

    async def _end(self, grace_s: float, first: signal.Signals) -> None:
        if self._child is not None:
            await self._child.terminate(grace_s, first=first)
            self._child = None
        if self._log is not None:
            self._log.close()
            self._log = None

    def _prepare(self, account: Account) -> None:
        try:
            make_folder(self.folder.parent)
            if not self.folder.exists():
                self.folder.mkdir(mode=0o700)
                if switch(account) is not None:
                    os.chown(self.folder, account.uid, account.gid)
        except OSError as problem:
            raise EnvironmentProblem(
                f"no permission to keep broker files in {self.folder}: {problem.strerror}"
            ) from problem
        if not may_pass(self.folder, account):
            raise EnvironmentProblem(f"{account.name} has no permission to keep broker files in {self.folder}")

    def _command(self) -> list[str | Path]:
        program = mosquitto()
        values = {"port": self.port, "host": HOST, "folder": self.folder, "largest": _LARGEST_MESSAGE}
        if program is None:
            return [sys.executable, "-I", "-c", _IOTCORE.format(**values)]
        written = self._beside(".conf")
        written.write_text(_MOSQUITTO.format(**values))
        written.chmod(0o644)
        return [program, "-c", written]

    def _beside(self, ending: str) -> Path:
        return self.folder.parent / f"{self.folder.name}{ending}"

    async def _ready(self) -> None:
        assert self._child is not None
        while self._child.returncode is None:
            try:
                _, writer = await asyncio.open_connection(HOST, self.port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                await writer.wait_closed()
                return
        raise EnvironmentProblem(f"the broker did not start on port {self.port}: see {self._beside('.log')}")


def mosquitto() -> Path | None:
    """The installed mosquitto, None if there is none. Debian keeps it outside an ordinary user's PATH."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
    return Path(found) if found is not None else None


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
