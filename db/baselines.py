"""Energy baselines as they were fitted: frozen, versioned, found again by rule and subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import asyncpg

from db.statements import statements
from db.views import Connection
from enms.baseline import Baseline, baseline_of, text_of


@dataclass(frozen=True, slots=True)
class StoredBaseline:
    """One version.

    Attributes:
        spec: hash of what the rule said of the fit.
        valid_from: steps that begin here or later are judged by it, until a newer version.
        actor, reason: who asked for it and why; empty: it was fitted when the rule was first judged.
    """

    rule: str
    subject: str
    version: int
    spec: str
    valid_from: datetime
    recorded_at: datetime
    baseline: Baseline
    sha256: str
    actor: str
    reason: str


async def baselines(
    connection: Connection, e: int, rule: str | None = None, subject: str | None = None
) -> list[StoredBaseline]:
    """Versions of one rule's baselines, of one subject's, or all of an enterprise; oldest first."""
    rows = statements("baselines").baselines(connection, e=e, rule=rule, subject=subject)
    return [_stored(row) async for row in rows]


def _stored(row: asyncpg.Record) -> StoredBaseline:
    facts = dict(row)
    return StoredBaseline(baseline=baseline_of(facts.pop("body")), **facts)


async def put_baseline(
    connection: asyncpg.Connection,
    e: int,
    rule: str,
    subject: str,
    *,
    spec: str,
    baseline: Baseline,
    valid_from: datetime | None = None,
    recorded_at: datetime | None = None,
    actor: str = "",
    reason: str = "",
) -> int:
    """Keep a fit; its version. Valid from the end of its period, unless said otherwise."""
    body = text_of(baseline)
    version: int = await statements("baselines").put_baseline(
        connection,
        e=e,
        rule=rule,
        subject=subject,
        spec=spec,
        valid_from=valid_from or baseline.end,
        recorded_at=recorded_at,
        body=body,
        sha256=sha256(body.encode()).hexdigest(),
        actor=actor,
        reason=reason,
    )
    return version


def valid_at(versions: Sequence[StoredBaseline], instant: datetime) -> StoredBaseline | None:
    """The newest of some versions (oldest first) that was valid at an instant."""
    return next((one for one in reversed(versions) if one.valid_from <= instant), None)
