"""Runs the application on a socket until it is told to stop, and then stops within seconds."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from enms.errors import EnvironmentProblem

# Open event streams end at once when the hub closes; this is for downloads.
_GRACE_S = 2
# An address may name as many alerts as a case takes at once, 26 characters each.
_LONGEST_HEAD = 65536


class _Server(uvicorn.Server):
    """Leaves signals to the role that runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The role has its own handlers."""
        yield


def bind(host: str, port: int, *, allow_open: bool = False) -> socket.socket:
    """A listening socket.

    Raises:
        EnvironmentProblem: the port is taken, the address is not ours, or it is not loopback and nobody has said
            that an API without sign-in may be open to others.
    """
    if not allow_open and not _loopback(host):
        raise EnvironmentProblem(
            f"refusing to listen on {host}: the API has no sign-in yet and would be open to the network; "
            "set ENMS_HTTP_OPEN=true if something in front of it keeps strangers out"
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as problem:
        raise EnvironmentProblem(f"ENMS_HTTP_HOST {host}: {problem.strerror}") from problem
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as problem:
        listener.close()
        raise EnvironmentProblem(
            f"cannot listen on {host}:{port}: {problem.strerror}; set ENMS_HTTP_PORT to another port"
        ) from problem
    listener.setblocking(False)
    return listener


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def serve(app: FastAPI, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; open event streams are ended first, so that nothing holds the server up."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_S,
        server_header=False,
        lifespan="on",
        h11_max_incomplete_event_size=_LONGEST_HEAD,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    app.state.context.hub.close()
    server.should_exit = True
    await running
