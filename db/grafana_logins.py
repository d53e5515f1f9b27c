"""Database logins for Grafana: one an enterprise, one for the district, each bound to what it may see."""

from __future__ import annotations

import re
from dataclasses import dataclass

import asyncpg

from db.scram import verifier
from db.statements import statements
from enms.errors import ConflictError, InputError, Mistake, NotFoundError

# Panels of one wall and one desk at once; a viewer's own SQL can hold no more than these.
CONNECTIONS = 12
_SHORTEST_PASSWORD = 16


@dataclass(frozen=True, slots=True)
class LoginRow:
    """A login of Grafana. `enterprise` None: the district; `connections` None: the role is gone."""

    login: str
    enterprise: str | None
    connections: int | None


def login_name(enterprise: str | None) -> str:
    """The login's usual name: `grafana_district`, or `grafana_` and the enterprise."""
    return "grafana_district" if enterprise is None else f"grafana_{enterprise}"


async def create_login(
    connection: asyncpg.Connection,
    enterprise: str | None,
    password: str,
    *,
    login: str | None = None,
    connections: int = CONNECTIONS,
) -> str:
    """Make a login, or bring it up to date with a new password; return its name.

    Args:
        connection: of a role that may create roles and is a member of enms_grafana with the right to hand it on.
        enterprise: what it sees; None: the whole district.
        password: at least 16 printable ASCII characters.
        login: another name than the usual one.
        connections: how many sessions it may have at once.

    Raises:
        NotFoundError: unknown enterprise.
        InputError: an unusable name or password.
        ConflictError: a role of that name exists and is none of Grafana's.
    """
    name = login or login_name(enterprise)
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", name):
        raise InputError("login", [Mistake("", "a login has small letters, digits, dash and underscore, at most 63")])
    if len(password) < _SHORTEST_PASSWORD:
        raise InputError("password", [Mistake("", f"at least {_SHORTEST_PASSWORD} characters are wanted")])
    sql = statements("grafana_logins")
    stored = verifier(password)
    async with connection.transaction():
        e = None if enterprise is None else await sql.find_enterprise(connection, code=enterprise)
        if enterprise is not None and e is None:
            raise NotFoundError(f"unknown enterprise {enterprise!r}")
        if await sql.login_exists(connection, login=name) and not await sql.member_of_grafana(connection, login=name):
            raise ConflictError(f"role {name!r} exists and is none of Grafana's")
        steps = sql.login_statements(connection, login=name, verifier=stored, connections=connections)
        for step in [row["statement"] async for row in steps]:
            await connection.execute(step)
        await sql.bind_login(connection, login=name, e=e)
    return name


async def drop_login(connection: asyncpg.Connection, login: str) -> None:
    """Take a login away; its sessions see nothing from then on.

    Raises:
        NotFoundError: it is none of Grafana's.
    """
    sql = statements("grafana_logins")
    async with connection.transaction():
        if login not in {row["login"] async for row in sql.logins(connection)}:
            raise NotFoundError(f"no login {login!r} of Grafana")
        await sql.forget_login(connection, login=login)
        await connection.execute(await sql.drop_statement(connection, login=login))


async def logins(connection: asyncpg.Connection) -> list[LoginRow]:
    """Every login of Grafana."""
    return [LoginRow(**row) async for row in statements("grafana_logins").logins(connection)]
