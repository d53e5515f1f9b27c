"""Real servers that take messages, and can refuse for a while."""

from __future__ import annotations

import asyncio
import email
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import policy
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class HttpReceiver:
    """Takes POSTs on 127.0.0.1; answers `status` with `headers`."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.taken]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.taken.append((headers | {":request": lines[0]}, body))
        extra = "".join(f"{k}: {v}\r\n" for k, v in self.headers.items())
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\nConnection: close\r\n{extra}\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def http_receiver():
    receiver = HttpReceiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


class Mailbox:
    """Takes mails, or answers `refuse`."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []
        self.people: list[list[str]] = []
        self.refuse: str | None = None

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the library's name
        if self.refuse is not None:
            return self.refuse
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy.default))
        self.people.append(envelope.rcpt_tos)
        return "250 OK"


@asynccontextmanager
async def smtp_receiver(port):
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    await asyncio.to_thread(controller.start)
    try:
        yield mailbox
    finally:
        await asyncio.to_thread(controller.stop)
