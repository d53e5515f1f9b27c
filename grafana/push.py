"""Bring our folders, dashboards, playlist and data source to a Grafana that is already there.

Idempotent: what is as it should be is left alone; a dry run says what would be done and does nothing. Everything is
addressed by uid. Needs a service account's token (`create_token`) with the right to edit, and to administer where the
data source is to be made too.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from grafana_client.api import AsyncGrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException, TokenAuth

from enms.errors import ConflictError, NotFoundError, UnavailableError
from grafana.build import FOLDER
from grafana.frame import CONSOLE, Uid
from grafana.sql import PLUGIN, SOURCE

Json = dict[str, Any]
_NOT_FOUND = 404
_FOLDERS = {"walls": ("enms-walls", "能耗大屏 Walls"), "desks": ("enms-desks", "能耗看板 Desks")}
_PLAYLIST, _PLAYLIST_INTERVAL = "能耗大屏轮播 Walls", "1m"
_WALLS = (Uid.WALL_DISTRICT, Uid.WALL_STEEL, Uid.WALL_RARE_EARTH, Uid.WALL_POWER)
_ACCOUNT, _TOKEN = "enms-push", "enms-push"


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Change:
    """What was done, or would be."""

    kind: str
    name: str
    action: Action


@dataclass(frozen=True, slots=True)
class Database:
    """How Grafana reaches our database.

    Attributes:
        host: with its port.
        user: a login of `enms grafana login`.
    """

    host: str
    name: str
    user: str
    password: str
    sslmode: str = "require"


@dataclass(frozen=True, slots=True)
class Server:
    """A Grafana: where, and who we are there (a token, or user and password)."""

    url: str
    auth: str | tuple[str, str]
    timeout_s: float = 15

    def api(self) -> Any:
        """A client; Any, as it carries few types of its own."""
        credential = TokenAuth(self.auth) if isinstance(self.auth, str) else self.auth  # type: ignore[no-untyped-call]  # the library has none
        return AsyncGrafanaApi.from_url(self.url, credential=credential, timeout=self.timeout_s)


class _Session:
    """One push: asks first, changes only what differs, and nothing at all in a dry run."""

    def __init__(self, api: Any, *, dry_run: bool) -> None:
        self.api = api
        self.dry_run = dry_run
        self.changes: list[Change] = []

    async def settle(
        self, kind: str, name: str, present: Json | None, same: bool, write: Callable[[], Awaitable[object]]
    ) -> None:
        """Create, update or keep one thing."""
        action = Action.CREATE if present is None else Action.KEEP if same else Action.UPDATE
        if action is not Action.KEEP and not self.dry_run:
            await write()
        self.changes.append(Change(kind, name, action))


async def push(
    server: Server, *, console: str = CONSOLE, database: Database | None = None, dry_run: bool = False
) -> list[Change]:
    """Bring everything there, or say what would be brought.

    Args:
        server: the Grafana.
        console: where the console answers, for links to evidence.
        database: makes the data source where it is missing; an existing one is left as it is.
        dry_run: change nothing.

    Raises:
        UnavailableError: no Grafana answers there.
        ConflictError: it refuses.
        NotFoundError: it has no data source of our uid, and `database` is not given.
    """
    session = _Session(server.api(), dry_run=dry_run)
    try:
        await _data_source(session, database)
        for folder, (uid, title) in _FOLDERS.items():
            await _folder(session, uid, title)
            for board in _boards(folder):
                await _dashboard(session, uid, with_console(board, console))
        await _playlist(session)
    except (GrafanaException, OSError) as problem:
        raise _told(server, problem) from problem
    finally:
        await session.api.client.s.close()
    return session.changes


async def _data_source(session: _Session, database: Database | None) -> None:
    present = await _found(session.api.datasource.get_datasource_by_uid(SOURCE))
    if present is None and database is None:
        raise NotFoundError(f"this Grafana has no data source with uid {SOURCE!r}: say how it reaches the database")
    wanted: Json = {}
    if database is not None:
        wanted = {
            "name": "enms",
            "uid": SOURCE,
            "type": PLUGIN,
            "access": "proxy",
            "url": database.host,
            "user": database.user,
            "isDefault": False,
            "jsonData": {
                "database": database.name,
                "sslmode": database.sslmode,
                "timeInterval": "1s",
                "timescaledb": False,
                "maxOpenConns": 8,
            },
            "secureJsonData": {"password": database.password},
        }
    await session.settle(
        "data source", SOURCE, present, same=True, write=lambda: session.api.datasource.create_datasource(wanted)
    )


async def _folder(session: _Session, uid: str, title: str) -> None:
    folders = session.api.folder
    present = await _found(folders.get_folder(uid))

    async def write() -> None:
        if present is None:
            await folders.create_folder(title, uid)
        else:
            await folders.update_folder(uid, title=title, overwrite=True)

    await session.settle("folder", title, present, same=(present or {}).get("title") == title, write=write)


def _boards(folder: str) -> list[Json]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((FOLDER / folder).glob("*.json"))]


async def _dashboard(session: _Session, folder: str, wanted: Json) -> None:
    uid = wanted["uid"]
    present = await _found(session.api.dashboard.get_dashboard(uid))
    same = (
        present is not None
        and present.get("meta", {}).get("folderUid") == folder
        and _bare(present["dashboard"]) == _bare(wanted)
    )
    payload = {"dashboard": {**wanted, "id": None}, "folderUid": folder, "overwrite": True}
    await session.settle(
        "dashboard", uid, present, same=same, write=lambda: session.api.dashboard.update_dashboard(payload)
    )


async def _playlist(session: _Session) -> None:
    """The client has no calls for playlists: its transport is used as it is."""
    client = session.api.client
    listed: list[Json] = await client.GET("/playlists")
    known = next((one for one in listed if one["name"] == _PLAYLIST), None)
    present: Json | None = await client.GET(f"/playlists/{known['uid']}") if known is not None else None
    items = [{"type": "dashboard_by_uid", "value": str(uid)} for uid in _WALLS]
    wanted = {"name": _PLAYLIST, "interval": _PLAYLIST_INTERVAL, "items": items}
    same = (
        present is not None and present["interval"] == _PLAYLIST_INTERVAL and _items(present["items"]) == _items(items)
    )

    async def write() -> None:
        if present is None:
            await client.POST("/playlists", json=wanted)
        else:
            await client.PUT(f"/playlists/{present['uid']}", json=wanted)

    await session.settle("playlist", _PLAYLIST, present, same=same, write=write)


async def create_token(server: Server) -> str:
    """A fresh token of our own service account (Editor); its earlier tokens end.

    Args:
        server: with user and password of an administrator.

    Raises:
        UnavailableError, ConflictError: as `push`.
    """
    api = server.api()
    try:
        pages = await api.serviceaccount.search(_ACCOUNT)
        found = [one for page in pages for one in page["serviceAccounts"]]
        account = next((one for one in found if one["name"] == _ACCOUNT), None)
        if account is None:
            account = await api.serviceaccount.create({"name": _ACCOUNT, "role": "Editor"})
        for token in await api.serviceaccount.get_tokens(account["id"]):
            if token["name"] == _TOKEN:
                await api.serviceaccount.delete_token(account["id"], token["id"])
        made = await api.serviceaccount.create_token(account["id"], {"name": _TOKEN})
        return str(made["key"])
    except (GrafanaException, OSError) as problem:
        raise _told(server, problem) from problem
    finally:
        await api.client.s.close()


def with_console(board: Json, console: str) -> Json:
    """The dashboard with another address of the console."""
    variables = [
        {**v, "query": console, "current": _chosen(console), "options": [_chosen(console)]}
        if v["name"] == "console" and console != CONSOLE
        else v
        for v in board["templating"]["list"]
    ]
    return {**board, "templating": {**board["templating"], "list": variables}}


def _chosen(value: str) -> Json:
    return {"text": value, "value": value, "selected": True}


def _bare(board: Json) -> Json:
    """Without what Grafana adds when it stores."""
    return {key: value for key, value in board.items() if key not in {"id", "version"}}


def _items(items: Iterable[Json]) -> list[tuple[str, str]]:
    return [(item["type"], item["value"]) for item in items]


async def _found(answer: Awaitable[Json]) -> Json | None:
    try:
        return await answer
    except GrafanaClientError as problem:
        if problem.status_code == _NOT_FOUND:
            return None
        raise


def _told(server: Server, problem: GrafanaException | OSError) -> UnavailableError | ConflictError:
    if isinstance(problem, GrafanaClientError):
        return ConflictError(f"Grafana at {server.url} refuses: {problem.message}")
    reason = problem.message if isinstance(problem, GrafanaException) else problem
    return UnavailableError(f"no Grafana answers at {server.url}: {reason}")
