"""`enms api`: the HTTP interface and the console."""

from __future__ import annotations

import asyncio

import structlog

from cli import role
from enms.settings import Settings

_log = structlog.get_logger()
# Pages and API calls share it; one connection listens for notices.
_POOL = 6


def command() -> None:
    """Role: the HTTP interface and the console."""
    role.run("api", work)


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until stopped.

    Raises:
        EnvironmentProblem: the port is taken, or the address would be open to the network.
    """
    from api.app import create_app
    from api.deps import Deps
    from api.serving import bind, serve
    from api.warming import warm
    from cli.backfill import BackfillDoor
    from cli.backtesting import BacktestDoor

    listener = bind(settings.http_host, settings.http_port, allow_open=settings.http_open)
    try:
        pool = await role.open_pool(settings, stop, name="api", size=_POOL)
        try:
            deps = Deps(pool, settings, backfill=BackfillDoor(pool), backtest=BacktestDoor(pool))
            _log.info("the console is open", url=f"http://{settings.http_host}:{settings.http_port}/")
            app = create_app(deps)
            # beside the serving, from the first second on: nobody waits for it, the first reader waits less
            warming = asyncio.create_task(warm(app), name="warming")
            await serve(app, listener, stop)
            warming.cancel()
        finally:
            pool.terminate()
    finally:
        listener.close()
