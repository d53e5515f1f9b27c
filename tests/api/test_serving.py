"""The server in front of the application: what it takes in."""

from __future__ import annotations

import asyncio

import asyncpg
import httpx

from api.app import create_app
from api.deps import Deps
from api.serving import bind, serve
from enms.cases import MOST_AT_ONCE
from enms.settings import Settings
from tests.api.seed import Seeded


async def test_an_address_has_room_for_the_alerts_of_a_case(
    seeded: Seeded, db_pool: asyncpg.Pool, free_port: int
) -> None:
    """However long their numbers are, and however a network cuts the request up."""
    app = create_app(Deps(db_pool, Settings(), clock=lambda: seeded.now))
    stop = asyncio.Event()
    task = asyncio.create_task(serve(app, bind("127.0.0.1", free_port), stop))
    address = "/cases/new?" + "&".join(f"alert={2**62 + n}" for n in range(MOST_AT_ONCE))
    request = f"GET {address} HTTP/1.1\r\nHost: enms.test\r\nConnection: close\r\n\r\n".encode()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", free_port)
        writer.write(request[:-4])
        await writer.drain()
        async with httpx.AsyncClient() as client:  # when it has its answer, the first piece was read long ago
            await client.get(f"http://127.0.0.1:{free_port}/health")
        writer.write(request[-4:])
        answer = await reader.readline()
        writer.close()
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)
    assert answer.split()[1] == b"404", "there are no such alerts"
