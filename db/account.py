"""Which account a bundled server runs as, and where that account can keep files.

PostgreSQL refuses to run as root, and an unprivileged account cannot pass a folder of mode 0700
(root's home, usually). Nothing here ever changes the mode of a folder it did not create.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from enms.errors import EnvironmentProblem

SERVICE_FOLDER = Path("/var/lib/enms")
"""Where data lives when the folder asked for cannot be reached by the unprivileged account."""


@dataclass(frozen=True, slots=True)
class Account:
    """A local account: name, numeric user and group."""

    name: str
    uid: int
    gid: int


def named(name: str) -> Account | None:
    """The account of that name, None if the machine has none."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def current() -> Account:
    """The account this process runs as.

    Raises:
        EnvironmentProblem: the user id has no entry in the password file (PostgreSQL needs one).
    """
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError as problem:
        raise EnvironmentProblem(
            f"user id {os.geteuid()} has no entry in /etc/passwd; the bundled database needs one"
        ) from problem
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def for_service(preferred: tuple[str, ...], data_dir: Path | None = None) -> Account:
    """The account to run a bundled server as.

    An ordinary user runs it as itself. Root picks an existing unprivileged account: the owner of a data
    folder that is already there, else the first of `preferred` that exists, else nobody.
    """
    if os.geteuid() != 0:
        return current()
    if data_dir is not None and data_dir.is_dir() and (owner := data_dir.stat().st_uid) != 0:
        entry = pwd.getpwuid(owner)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in (*preferred, "nobody"):
        account = named(name)
        if account is not None and account.uid != 0:
            return account
    raise EnvironmentProblem("started as root, and there is no unprivileged account (postgres, nobody) to run as")


def may_pass(folder: Path, account: Account) -> bool:
    """Whether `account` can enter `folder` and every folder above it that already exists."""
    folder = folder.resolve()
    for step in (folder, *folder.parents):
        try:
            entry = step.stat()
        except FileNotFoundError:
            continue
        except PermissionError:
            return False
        if not _may(entry, account, stat.S_IXUSR):
            return False
    return True


def may_read(file: Path, account: Account) -> bool:
    """Whether `account` can read `file`."""
    return _may(file.stat(), account, stat.S_IRUSR) and may_pass(file.parent, account)


def _may(entry: os.stat_result, account: Account, owner_bit: int) -> bool:
    if account.uid == 0:
        return True
    if entry.st_uid == account.uid:
        return bool(entry.st_mode & owner_bit)
    if entry.st_gid == account.gid:
        return bool(entry.st_mode & (owner_bit >> 3))
    return bool(entry.st_mode & (owner_bit >> 6))


def home_of_data(asked: Path, default: Path | None = None) -> Path:
    """The folder that really holds the data when `asked` was asked for.

    The same folder, except for root when an unprivileged server could not get there: then a folder
    under /var/lib/enms, always the same one for the same `asked`, so that the next start finds its data.
    """
    asked = asked.expanduser().absolute()
    if os.geteuid() != 0:
        return asked
    if may_pass(asked, for_service(("postgres",))):
        return asked
    if asked == default:
        return SERVICE_FOLDER / "data"
    return SERVICE_FOLDER / hashlib.sha256(str(asked).encode()).hexdigest()[:12]


def make_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it, passable whatever the umask; the rest stays as it is."""
    missing = [step for step in (folder, *folder.parents) if not step.exists()]
    for step in reversed(missing):
        step.mkdir(exist_ok=True)
        step.chmod(0o755)
