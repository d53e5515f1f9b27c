"""GET /live: server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.deps import Api
from api.live import LiveHub
from api.params import AnyEnterprise
from api.problems import RESPONSES
from db import plants

router = APIRouter(tags=["live"], responses=RESPONSES)
# Proxies close a silent connection after 30 to 60 s.
HEARTBEAT_S = 15
# A client that takes nothing for this long is let go; it reconnects by itself.
_SEND_TIMEOUT_S = 30

_EVENTS = """
`text/event-stream`. Each event's data is JSON:

| event | data |
|---|---|
| `hello` | `{"at"}`, once, at once |
| `latest` | `{"enterprise", "at", "items": [...]}`, items as in /points/latest: first all points, then what changed |
| `summary` | `{"enterprise", "at", "power_kw", "power_known", "power_of", "fresh", "points", "processes": {}}`, kW |
| `interval` | `{"enterprise", "at", "closed_until"}`: the ledger published; ask for the amounts you show |
| `alert` | an alert as in /alerts, at every transition |
| `resync` | `{}`: you were too slow, or the database was away: something may be missing; ask again for what you show |

Without `enterprise`, a plant that is added is listened to from then on, too. At most two `latest` a second for each
enterprise. A comment every 15 s keeps the connection open.
"""


@router.get(
    "/live",
    response_class=EventSourceResponse,
    summary="Live values, closed intervals and alerts as server-sent events",
    description=_EVENTS,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def live(api: Api, enterprise: AnyEnterprise = None) -> EventSourceResponse:
    if enterprise is None:
        wanted = frozenset(row.e for row in await plants.enterprises(api.pool))
    else:
        wanted = frozenset({(await plants.owner(api.pool, enterprise)).e})
    hello = ServerSentEvent(
        event="hello", data=f'{{"at":"{api.clock().isoformat().replace("+00:00", "Z")}"}}', retry=2000
    )
    return EventSourceResponse(
        _events(api.hub, wanted, hello, everything=enterprise is None), ping=HEARTBEAT_S, send_timeout=_SEND_TIMEOUT_S
    )


async def _events(
    hub: LiveHub, wanted: frozenset[int], hello: ServerSentEvent, *, everything: bool
) -> AsyncIterator[ServerSentEvent]:
    yield hello
    with hub.subscribe(wanted, everything=everything) as subscriber:
        async for event in hub.stream(subscriber):
            yield ServerSentEvent(event=event.name, data=event.data)
