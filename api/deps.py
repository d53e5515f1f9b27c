"""What the API stands on, and the two doors it opens to other rooms (protocols beside their consumer)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Protocol, cast

import asyncpg
from fastapi import Depends, Request

from api.kept import Kept
from api.latest import Registry
from api.live import LiveHub
from db.plants import EnterpriseRow
from enms.backtest import Backtest
from enms.errors import Mistake
from enms.readings import Origin
from enms.settings import Settings


@dataclass(frozen=True, slots=True)
class BackfillRow:
    """One row of the MQTT row form: value in the point's unit at `t`; `start` for an interval reading."""

    point: str
    t: datetime
    value: float
    quality: str = "good"
    start: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """One row that was quarantined: its place in the request (0-based), and why."""

    index: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class BackfillResult:
    """What became of the rows: `accepted` are committed (known ones included), the rest is in quarantine."""

    accepted: int
    refused: tuple[Refused, ...] = ()


class BackfillSink(Protocol):
    """Takes history in through the same validation and writing as MQTT; returns after the commit."""

    async def __call__(
        self, enterprise: str, rows: Sequence[BackfillRow], origin: Origin = Origin.BACKFILL
    ) -> BackfillResult: ...


class Backtester(Protocol):
    """Tells what a rule would have raised; records nothing."""

    def mistakes(self, entry: Mapping[str, object]) -> tuple[Mistake, ...]:
        """What is wrong with a rule's entry, as a rule book has it; its places are within the rule."""

    async def __call__(
        self, enterprise: EnterpriseRow, entry: Mapping[str, object], start: datetime | None, end: datetime
    ) -> Backtest:
        """A sound entry over [start, end); start None: what is usual for such a rule.

        Raises:
            InputError: that would take too long.
        """


def utc_now() -> datetime:
    """The wall clock, for whoever has no other."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything `create_app` needs; `None` where this process offers no such door."""

    pool: asyncpg.Pool
    settings: Settings
    clock: Callable[[], datetime] = field(default=utc_now)
    backfill: BackfillSink | None = None
    backtest: Backtester | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a request may use: the dependencies, and what this process keeps."""

    pool: asyncpg.Pool
    settings: Settings
    clock: Callable[[], datetime]
    backfill: BackfillSink | None
    backtest: Backtester | None
    registry: Registry
    hub: LiveHub
    kept: Kept


def context_of(request: Request) -> Context:
    """The context of the application a request belongs to."""
    return cast("Context", request.app.state.context)


Api = Annotated[Context, Depends(context_of)]
