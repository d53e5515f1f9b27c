"""Whose data is missing, late or wrong, since when: points, processes and enterprises over a span."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.console.dependents import Spoils, dependents
from api.deps import Context
from api.latest import newest_of
from api.spans import Span
from db import ledger, series
from db.plants import EnterpriseRow
from db.totals import totals
from enms.quarters import quarter_floor

# Below this a verdict is withheld; below the other somebody should look.
POOR, LESS_THAN_WHOLE = 0.9, 0.999
# Refusals that are about clocks and counts: a gateway is wrong, not a value.
CLOCK_REASONS = ("sequence_gap", "session_lost", "future", "unset_clock", "naive_time", "bad_time")


@dataclass(frozen=True, slots=True)
class PointQuality:
    """One point over the span.

    Attributes:
        covered_s, elapsed_s, estimated_s: what is known, of what should be.
        newest: instant of its newest value; None: it never spoke.
        silent: it is older than this point may be.
        findings: kind and how many, most first.
        spoils: what stands on it.
    """

    enterprise: str
    point: str
    name: str | None
    process: str | None
    covered_s: float
    elapsed_s: float
    estimated_s: float
    newest: datetime | None
    silent: bool
    findings: tuple[tuple[str, int], ...]
    spoils: Spoils

    @property
    def completeness(self) -> float | None:
        """None where nothing should be there yet."""
        return min(1.0, self.covered_s / self.elapsed_s) if self.elapsed_s > 0 else None

    @property
    def estimated_share(self) -> float | None:
        """Of what is covered."""
        return self.estimated_s / self.covered_s if self.covered_s > 0 else None

    @property
    def troubled(self) -> bool:
        """Whether anything is wrong with it."""
        return self.silent or bool(self.findings) or (self.completeness or 0.0) < LESS_THAN_WHOLE

    @property
    def rank(self) -> tuple[bool, float, str]:
        """Worst first: least complete, what spoils most before what spoils little."""
        share = self.completeness
        return (not self.silent, (share if share is not None else -1.0) - len(self.spoils.enpis) * 1e-6, self.point)


@dataclass(frozen=True, slots=True)
class GroupQuality:
    """Points together: a process, or a whole enterprise (`process` None)."""

    enterprise: str
    process: str | None
    points: int
    silent: int
    poor: int
    completeness: float | None
    estimated_share: float | None


@dataclass(frozen=True, slots=True)
class Refused:
    """What was refused of an enterprise (None: of nobody known) for one reason."""

    enterprise: str | None
    reason: str
    payloads: int
    deliveries: int
    last_seen: datetime

    @property
    def clock(self) -> bool:
        """Whether it is about a clock or a count."""
        return self.reason in CLOCK_REASONS


async def point_qualities(context: Context, owner: EnterpriseRow, when: Span, language: str) -> list[PointQuality]:
    """Every point of an enterprise, worst first; kept until the ledger publishes."""
    start, end = quarter_floor(when.start), quarter_floor(when.end)
    kind = f"quality {language} {start.timestamp():.0f} {end.timestamp():.0f}"
    return await context.kept.get(kind, owner.e, lambda: _points(context, owner, Span(start, end), language))


async def _points(context: Context, owner: EnterpriseRow, when: Span, language: str) -> list[PointQuality]:
    now = context.clock()
    points = await context.registry.points(owner.e)
    numbers = [point.p for point in points]
    rows = await totals(context.pool, owner.e, numbers, when.start, when.end, "day", now=now)
    sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for row in rows:
        for n, seconds in enumerate((min(row.covered_s, row.elapsed_s), row.elapsed_s, row.estimated_s)):
            sums[row.p][n] += seconds
    kinds: dict[int, Counter[str]] = defaultdict(Counter)
    for finding in await ledger.findings(context.pool, owner.e, numbers, when.start, when.end):
        kinds[finding.p][finding.kind.value] += 1
    spoils = await dependents(context, owner, points)
    newest = {point.p: latest for point, latest in await newest_of(context.pool, points)}
    found = []
    for point in points:
        latest = newest.get(point.p)
        covered, elapsed, estimated = sums[point.p]
        found.append(
            PointQuality(
                enterprise=owner.code,
                point=point.code,
                name=point.name(language),
                process=point.process,
                covered_s=covered,
                elapsed_s=elapsed,
                estimated_s=estimated,
                newest=latest.ts if latest else None,
                silent=latest is None or (now - latest.ts).total_seconds() > point.silent_after_s,
                findings=tuple(kinds[point.p].most_common()),
                spoils=spoils.get(point.code, Spoils()),
            )
        )
    return sorted(found, key=lambda row: row.rank)


def groups(rows: Sequence[PointQuality]) -> list[GroupQuality]:
    """Each enterprise, and below it its processes, in the order they come."""
    by_key: dict[tuple[str, str | None], list[PointQuality]] = {}
    for enterprise in dict.fromkeys(row.enterprise for row in rows):
        own = [row for row in rows if row.enterprise == enterprise]
        by_key[enterprise, None] = own
        for process in sorted({row.process for row in own if row.process is not None}):
            by_key[enterprise, process] = [row for row in own if row.process == process]
    return [_group(enterprise, process, found) for (enterprise, process), found in by_key.items()]


def _group(enterprise: str, process: str | None, rows: Sequence[PointQuality]) -> GroupQuality:
    covered, elapsed = sum(row.covered_s for row in rows), sum(row.elapsed_s for row in rows)
    estimated = sum(row.estimated_s for row in rows)
    return GroupQuality(
        enterprise=enterprise,
        process=process,
        points=len(rows),
        silent=sum(row.silent for row in rows),
        poor=sum(row.completeness is not None and row.completeness < POOR for row in rows),
        completeness=covered / elapsed if elapsed > 0 else None,
        estimated_share=estimated / covered if covered > 0 else None,
    )


async def refused(context: Context, owners: Sequence[tuple[int, str | None]], since: datetime) -> list[Refused]:
    """What was refused since then: clocks and counts first, then by how much."""
    found = [
        Refused(code, row.reason, row.payloads, row.deliveries, row.last_seen)
        for e, code in owners
        for row in await series.quarantine_reasons(context.pool, [e], since)
    ]
    return sorted(found, key=lambda row: (not row.clock, -row.deliveries))
