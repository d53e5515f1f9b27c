"""A small HTTP server that answers as Grafana's API is documented to, for the few calls `push` makes.

It is ours, not Grafana: it shows that what we send is sound by the documentation, not that Grafana takes it.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.waiting import eventually

Json = dict[str, Any]


@dataclass(slots=True)
class Stored:
    """What the server holds, and every writing request it got."""

    folders: dict[str, Json] = field(default_factory=dict)
    boards: dict[str, Json] = field(default_factory=dict)
    sources: dict[str, Json] = field(default_factory=dict)
    playlists: dict[str, Json] = field(default_factory=dict)
    accounts: dict[int, Json] = field(default_factory=dict)
    tokens: dict[int, Json] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)


def _missing(what: str) -> JSONResponse:
    return JSONResponse({"message": f"{what} not found"}, 404)


def app(stored: Stored, token: str, password: str) -> FastAPI:
    api = FastAPI()
    basic = "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()

    @api.middleware("http")
    async def guard(request: Request, call: Any) -> Any:
        keys = {t["key"] for t in stored.tokens.values()} | {token}
        given = request.headers.get("authorization", "")
        if given != basic and given.removeprefix("Bearer ") not in keys:
            return JSONResponse({"message": "Invalid API key"}, 401)
        if request.method != "GET":
            stored.writes.append(f"{request.method} {request.url.path}")
        return await call(request)

    @api.get("/api/datasources/uid/{uid}")
    async def source(uid: str) -> Any:
        return stored.sources.get(uid) or _missing("data source")

    @api.post("/api/datasources")
    async def add_source(body: Json) -> Any:
        stored.sources[body["uid"]] = {k: v for k, v in body.items() if k != "secureJsonData"}
        return {"datasource": stored.sources[body["uid"]], "message": "Datasource added"}

    @api.get("/api/folders/{uid}")
    async def folder(uid: str) -> Any:
        return stored.folders.get(uid) or _missing("folder")

    @api.post("/api/folders")
    async def add_folder(body: Json) -> Any:
        stored.folders[body["uid"]] = body
        return body

    @api.put("/api/folders/{uid}")
    async def change_folder(uid: str, body: Json) -> Any:
        stored.folders[uid] = {"uid": uid, "title": body["title"]}
        return stored.folders[uid]

    @api.get("/api/dashboards/uid/{uid}")
    async def board(uid: str) -> Any:
        return stored.boards.get(uid) or _missing("dashboard")

    @api.post("/api/dashboards/db")
    async def save_board(body: Json) -> Any:
        uid = body["dashboard"]["uid"]
        known = stored.boards.get(uid)
        if known is not None and not body.get("overwrite"):
            return JSONResponse({"message": "version mismatch", "status": "version-mismatch"}, 412)
        version = known["dashboard"]["version"] + 1 if known is not None else 1
        kept = {**body["dashboard"], "id": 1 + len(stored.boards), "version": version}
        stored.boards[uid] = {"dashboard": kept, "meta": {"folderUid": body["folderUid"]}}
        return {"uid": uid, "status": "success", "version": version}

    @api.get("/api/playlists")
    async def playlists() -> Any:
        return [{"uid": uid, "name": p["name"], "interval": p["interval"]} for uid, p in stored.playlists.items()]

    @api.get("/api/playlists/{uid}")
    async def playlist(uid: str) -> Any:
        return {"uid": uid, **stored.playlists[uid]}

    @api.post("/api/playlists")
    async def add_playlist(body: Json) -> Any:
        stored.playlists[f"p{len(stored.playlists)}"] = body
        return body

    @api.put("/api/playlists/{uid}")
    async def change_playlist(uid: str, body: Json) -> Any:
        stored.playlists[uid] = body
        return body

    @api.get("/api/serviceaccounts/search")
    async def accounts(query: str = "", page: int = 1) -> Any:
        found = [{"id": i, **a} for i, a in stored.accounts.items() if query in a["name"]] if page == 1 else []
        return {"totalCount": len(found), "serviceAccounts": found, "page": page, "perPage": 1000}

    @api.post("/api/serviceaccounts/")
    async def add_account(body: Json) -> Any:
        stored.accounts[len(stored.accounts) + 1] = body
        return JSONResponse({"id": len(stored.accounts), **body}, 201)

    @api.get("/api/serviceaccounts/{account}/tokens")
    async def tokens(account: int) -> Any:
        return [{"id": i, "name": t["name"]} for i, t in stored.tokens.items() if t["account"] == account]

    @api.post("/api/serviceaccounts/{account}/tokens")
    async def add_token(account: int, body: Json) -> Any:
        number = len(stored.writes)  # never given twice
        stored.tokens[number] = {"name": body["name"], "account": account, "key": f"glsa_{number}"}
        return {"id": number, **stored.tokens[number]}

    @api.delete("/api/serviceaccounts/{account}/tokens/{number}")
    async def end_token(account: int, number: int) -> Any:
        del stored.tokens[number]
        return {"message": "Service account token deleted"}

    return api


@asynccontextmanager
async def running(port: int, token: str, password: str) -> AsyncIterator[Stored]:
    stored = Stored()
    server = uvicorn.Server(
        uvicorn.Config(app(stored, token, password), host="127.0.0.1", port=port, log_level="warning", ws="none")
    )
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    try:
        yield stored
    finally:
        server.should_exit = True
        await task
