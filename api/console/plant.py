"""One enterprise as pages show it: what it uses now and today, how fresh its data is, what is open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from api.console.curves import DayCurve, day_curve
from api.console.days import DayUse, day_use
from api.console.drawing import Run, spark, strip
from api.console.i18n import Catalogue
from api.deps import Context
from api.flows import Pair, Power, boundary, power
from api.latest import newest_of
from db import alerts, plants, views
from db.alerts import Standing
from db.plants import EnterpriseRow
from db.views import PointRow
from enms.alerts import Severity
from enms.metering import INTERVAL_S

# Rules are judged every quarter hour at least: as on the walls of Grafana.
_STOPPED_AFTER_S = 1800.0
# A quarter hour, the wait for late data, and what a busy ledger may take.
_BEHIND_AFTER_S = 2700.0
SEVERITIES = (Severity.CRITICAL, Severity.WARNING, Severity.NOTICE)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How many points tell what is now.

    Attributes:
        fresh, of: points that are not overdue, points in all.
        silent: codes of points that are overdue or never spoke, longest silence first.
        newest_s: age of the newest value; None: no value at all.
    """

    fresh: int
    of: int
    silent: tuple[tuple[str, float | None], ...]
    newest_s: float | None


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """Open alerts by severity, most severe first, and since when.

    Attributes:
        judged_at: when the rules of whoever waits longest were last judged; None: never yet.
        stopped: that is too long ago for "nothing is open" to say anything.
        behind: the ledger stands still while readings come: rules that run have nothing new to judge.
    """

    counts: tuple[tuple[str, int], ...]
    since: datetime | None
    judged_at: datetime | None
    stopped: bool
    behind: bool

    @property
    def blind(self) -> bool:
        """Nobody judges what is now: that nothing is open says nothing."""
        return self.stopped or self.behind

    @property
    def total(self) -> int:
        """How many are open."""
        return sum(n for _, n in self.counts)

    @property
    def worst(self) -> str | None:
        """The most severe that is open."""
        return next((severity for severity, n in self.counts if n), None)


@dataclass(frozen=True, slots=True)
class LedgerState:
    """How far an enterprise's ledger is.

    Attributes:
        closed: the end of its newest closed quarter hour; None: none yet.
        behind: readings are there that it should have closed by now.
    """

    closed: datetime | None
    behind: bool


@dataclass(frozen=True, slots=True)
class PlantView:
    """One enterprise, now."""

    row: EnterpriseRow
    name: str
    pairs: tuple[Pair, ...]
    power: Power
    use: DayUse
    curve: DayCurve
    freshness: Freshness
    ledger: LedgerState
    alerts: OpenAlerts
    spark: Markup
    strip: Markup


def freshness(pairs: Sequence[Pair], now: datetime) -> Freshness:
    """What the ages of newest values say."""
    ages = {point.code: (now - newest.ts).total_seconds() if newest else None for point, newest in pairs}
    allowed = {point.code: point.silent_after_s for point, _ in pairs}
    silent = [(code, age) for code, age in ages.items() if age is None or age > allowed[code]]
    silent.sort(key=lambda pair: -(pair[1] if pair[1] is not None else float("inf")))
    known = [age for age in ages.values() if age is not None]
    return Freshness(len(pairs) - len(silent), len(pairs), tuple(silent), min(known, default=None))


def ledger_state(pairs: Sequence[Pair], now: datetime) -> LedgerState:
    """Held against the newest reading, as data that stopped are no fault of the ledger."""
    closed = max((point.closed_until for point, _ in pairs if point.closed_until is not None), default=None)
    newest = max((min(newest.ts, now) for _, newest in pairs if newest is not None), default=None)
    points = [point for point, _ in pairs]
    begun = min((point.first_ts for point in points if point.first_ts is not None), default=None)
    return LedgerState(closed, behind=_behind(points, closed or begun, newest))


def _behind(points: Sequence[PointRow], since: datetime | None, newest: datetime | None) -> bool:
    """Whether the newest reading is too far from what is closed, or before anything is, from where the ledger began."""
    if newest is None:
        return False
    # Where all points speak seldom, the newest reading is that much ahead just after it came.
    allowed = _BEHIND_AFTER_S + min(point.silent_after_s for point in points)
    return since is None or (newest - since).total_seconds() > allowed


def open_alerts(standing: Standing, es: Collection[int], now: datetime, *, behind: bool) -> OpenAlerts:
    """What is open of these enterprises, where the ledger of one of them is behind or of none."""
    counts = [count for count in standing.counts if count.e in es]
    by_severity = {severity: sum(c.alerts for c in counts if c.severity == severity) for severity in SEVERITIES}
    judged = [standing.judged.get(e) for e in es]
    known = [at for at in judged if at is not None]
    judged_at = min(known) if known and len(known) == len(judged) else None
    return OpenAlerts(
        tuple((severity.value, n) for severity, n in by_severity.items()),
        min((c.since for c in counts), default=None),
        judged_at,
        stopped=judged_at is None or (now - judged_at).total_seconds() > _STOPPED_AFTER_S,
        behind=behind,
    )


async def open_now(context: Context, owners: Sequence[EnterpriseRow]) -> OpenAlerts:
    """What is open of these, and whether anybody judges it, where nothing else of them is shown."""
    es, now = [row.e for row in owners], context.clock()
    standing = await alerts.standing(context.pool, es)
    # The district has no ledger of its own: its rules judge those of all plants.
    of_all = any(row.scope == "district" for row in owners)
    judged = [row.e for row in await plants.enterprises(context.pool)] if of_all else es
    return open_alerts(standing, es, now, behind=any([await _ledger_behind(context, e, now) for e in judged]))


async def _ledger_behind(context: Context, e: int, now: datetime) -> bool:
    """As `ledger_state` has it, where the readings themselves are not shown."""
    points = await context.registry.points(e)
    newest = await views.newest_instant(context.pool, e, [point.p for point in points], now)
    since = await views.newest_closed(context.pool, e) or await views.first_seen(context.pool, e)
    return _behind(points, since, newest)


async def plant_view(context: Context, row: EnterpriseRow, standing: Standing, text: Catalogue) -> PlantView:
    """Everything a card or a page's head shows of an enterprise."""
    now = context.clock()
    pairs = await newest_of(context.pool, await context.registry.points(row.e))
    curve = await day_curve(context, row)
    use = await day_use(context, row)
    ledger = ledger_state(pairs, now)
    signs = boundary([point for point, _ in pairs])
    return PlantView(
        row=row,
        name=row.name(text.language),
        pairs=tuple(pairs),
        power=power(pairs, signs, now),
        use=use,
        curve=curve,
        freshness=freshness(pairs, now),
        ledger=ledger,
        alerts=open_alerts(standing, (row.e,), now, behind=ledger.behind),
        spark=spark(curve.power, curve.low, curve.high, text("Today's power over the usual band")),
        strip=strip(_runs(curve, use), text("How today's quarter hours are known")),
    )


def _runs(curve: DayCurve, use: DayUse) -> list[Run]:
    """A day of the whole boundary: missing where any of its meters is."""
    closed = (use.day.closed - use.day.start).total_seconds() // INTERVAL_S
    looks = []
    for n, (value, partial, estimated) in enumerate(zip(curve.power, curve.partial, curve.estimated, strict=True)):
        if value is not None and not partial:
            looks.append("estimated" if estimated else "measured")
        else:
            looks.append("missing" if n < closed else "open")
    found: list[Run] = []
    for n, look in enumerate(looks):
        if found and found[-1].look == look:
            found[-1] = Run(found[-1].start, n + 1, look)
        else:
            found.append(Run(n, n + 1, look))
    return found
