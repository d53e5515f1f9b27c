"""`enms grafana`: dashboards into a running Grafana, its service account's token, its logins in the database."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from cli.surroundings import database, load_settings
from enms.errors import ConflictError, EnvironmentProblem, InputError, Mistake, UnavailableError

app = typer.Typer(no_args_is_help=True, help="Grafana: push dashboards, make its logins.")

Url = Annotated[str, typer.Option(envvar="ENMS_GRAFANA_URL", help="Address of Grafana, http://host:3000.")]
TokenFile = Annotated[Path, typer.Option(help="File with the token of a service account.")]
PasswordFile = Annotated[Path, typer.Option(help="File with the login's password, 16 characters at least.")]


@app.command()
def push(
    token_file: TokenFile,
    url: Url = "http://localhost:3000",
    console: Annotated[
        str, typer.Option(help="Where the console answers; panels link to it.")
    ] = "http://localhost:8000",
    database_host: Annotated[
        str | None, typer.Option(help="host:port, to make the data source where it is missing.")
    ] = None,
    database_name: Annotated[str, typer.Option(help="Database of the data source.")] = "enms",
    database_user: Annotated[str, typer.Option(help="Login of the data source.")] = "grafana_district",
    database_password_file: Annotated[Path | None, typer.Option(help="File with that login's password.")] = None,
    database_sslmode: Annotated[str, typer.Option(help="disable, require, verify-ca or verify-full.")] = "require",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")] = False,
) -> None:
    """Bring folders, dashboards and the playlist of walls there; what is as it should be is left alone."""
    from grafana.push import Action, Database, Server
    from grafana.push import push as bring

    source = None
    if database_host is not None:
        if database_password_file is None:
            raise InputError("--database-password-file", [Mistake("", "is wanted with --database-host")])
        secret = _secret(database_password_file)
        source = Database(database_host, database_name, database_user, secret, database_sslmode)
    changes = asyncio.run(bring(Server(url, _secret(token_file)), console=console, database=source, dry_run=dry_run))
    for change in changes:
        typer.echo(f"{change.action:7} {change.kind:11} {change.name}")
    changed = sum(change.action is not Action.KEEP for change in changes)
    typer.echo(f"{changed} of {len(changes)} {'would change' if dry_run else 'changed'}")


@app.command()
def token(
    token_file: Annotated[Path, typer.Option(help="Where the token goes; readable by you alone.")],
    password_file: Annotated[Path, typer.Option(help="File with the administrator's password.")],
    user: Annotated[str, typer.Option(help="An administrator of Grafana.")] = "admin",
    url: Url = "http://localhost:3000",
) -> None:
    """Make the service account that pushes, and a fresh token of it; earlier ones end."""
    from grafana.push import Server, create_token

    made = asyncio.run(create_token(Server(url, (user, _secret(password_file)))))
    try:
        with os.fdopen(os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(made + "\n")
        token_file.chmod(0o600)
    except OSError as problem:
        raise EnvironmentProblem(f"cannot write {token_file}: {problem.strerror}") from problem
    typer.echo(f"token of service account enms-push written to {token_file}")


@app.command()
def login(
    password_file: PasswordFile,
    enterprise: Annotated[str | None, typer.Option(help="Whom it sees; without it the whole district.")] = None,
    name: Annotated[str | None, typer.Option(help="Another name than grafana_district or grafana_CODE.")] = None,
    connections: Annotated[int, typer.Option(min=1, help="Sessions it may have at once.")] = 12,
) -> None:
    """Make a database login for a Grafana, bound to one enterprise or to the district; again: a new password."""
    made = asyncio.run(_login(enterprise, _secret(password_file), name, connections))
    typer.echo(f"{made}: sees {enterprise or 'the district'}")


@app.command(name="logins")
def logins_() -> None:
    """The database logins of Grafana, and whom each sees."""
    for line in asyncio.run(_logins()):
        typer.echo(line)


@app.command()
def drop_login(name: Annotated[str, typer.Argument(help="The login.")]) -> None:
    """Take a login away; its sessions see nothing from then on."""
    asyncio.run(_drop(name))
    typer.echo(f"{name}: gone")


def _secret(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise InputError(str(file), [Mistake("", f"cannot be read: {problem.strerror}")]) from problem


async def _login(enterprise: str | None, password: str, name: str | None, connections: int) -> str:
    from db.grafana_logins import create_login

    async with database(load_settings()) as dsn:
        connection = await _connect(dsn)
        try:
            return await create_login(connection, enterprise, password, login=name, connections=connections)
        except asyncpg.InsufficientPrivilegeError as problem:
            raise ConflictError(f"this login may not make logins ({problem}): use the one that migrates") from problem
        finally:
            await connection.close()


async def _logins() -> list[str]:
    from db.grafana_logins import logins

    async with database(load_settings()) as dsn:
        connection = await _connect(dsn)
        try:
            rows = await logins(connection)
        finally:
            await connection.close()
    return [f"{row.login}  {row.enterprise or 'district'}  {row.connections or 'no such role'}" for row in rows]


async def _drop(name: str) -> None:
    from db.grafana_logins import drop_login

    async with database(load_settings()) as dsn:
        connection = await _connect(dsn)
        try:
            await drop_login(connection, name)
        finally:
            await connection.close()


async def _connect(dsn: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(dsn, server_settings={"application_name": "enms-grafana"})
    except (OSError, asyncpg.PostgresError) as problem:
        raise UnavailableError(f"the database does not answer: {problem}") from problem
