"""What a data folder's postmaster.pid says, and whether it is true.

The file survives a crash and its process id may since belong to anyone; a server is recognised by its
working folder, which PostgreSQL sets to the data folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from enms.errors import EnvironmentProblem


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs on a data folder: process id, folder of its socket, port number."""

    pid: int
    socket_dir: Path
    port: int

    def dsn(self, database: str, user: str) -> str:
        """Connection URL over the socket."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_dir), safe='')}&port={self.port}"


def running(data_dir: Path) -> Running | None:
    """The server that runs on `data_dir` now, ready or about to be; None if there is none.

    Raises:
        EnvironmentProblem: the folder belongs to another user.
    """
    lines = _lines(data_dir)
    if len(lines) < 5 or not _is_postmaster(int(lines[0]), data_dir):
        return None
    return Running(int(lines[0]), Path(lines[4]), int(lines[3]))


def alive(data_dir: Path) -> int | None:
    """Process id of a server that runs on `data_dir` in any state, starting and stopping included."""
    lines = _lines(data_dir)
    if lines and lines[0].strip("-").isdigit() and _is_postmaster(abs(int(lines[0])), data_dir):
        return abs(int(lines[0]))
    return None


def disown(data_dir: Path) -> None:
    """Make a stale postmaster.pid harmless when its process id now belongs to somebody else.

    PostgreSQL would take any living process of the same user for its predecessor. The file is kept, because
    its shared-memory key is how PostgreSQL notices backends that outlived a killed postmaster; only the
    process id is replaced by ours, which PostgreSQL, as our child, knows not to be a server.
    """
    lines = _lines(data_dir)
    if lines:
        lines[0] = str(os.getpid())
        (data_dir / "postmaster.pid").write_text("\n".join(lines) + "\n")


def _lines(data_dir: Path) -> list[str]:
    try:
        return (data_dir / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []
    except PermissionError as problem:
        raise EnvironmentProblem(f"{data_dir} belongs to another user") from problem


def _is_postmaster(pid: int, data_dir: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and Path(process.cwd()).samefile(data_dir)
    except (psutil.NoSuchProcess, psutil.ZombieProcess, FileNotFoundError):
        return False
    except psutil.AccessDenied:  # somebody else's process; ours could be asked
        return False
