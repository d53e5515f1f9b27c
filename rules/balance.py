"""`balance`: a meter against the sum of those below it, beyond accuracy, resolution and the loss learned of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from statistics import median
from typing import Any

from db import rules as store
from db.metered import MeteredPoint, WindowSum, day_sums, metered_points
from db.plants import EnterpriseRow
from db.recorded import Recorded, points_recorded
from db.served import served_points
from db.statements import statements
from db.totals import cuts_of
from enms.alerts import Observation, Truth
from enms.cuts import Cut, Cuts
from enms.losses import Learned, learn, loss_share
from enms.units import convert, unit
from rules.balance_rules import BalanceRule
from rules.conditions import Judged, Span, Subject
from rules.cut_grid import CutGrid
from rules.facts import Facts
from rules.grid import Step
from rules.metered import Metered, certainty, class_unknown, line

_DAY = timedelta(days=1)
# A day is learned from, or is not, for all days after it.
_FOR_EVER = timedelta(days=36_500)
# Below this share of its usual inflow a network stands still, and what it loses says nothing.
_IDLE = 0.2


@dataclass(frozen=True, slots=True)
class Network:
    """A meter (or the signed meters a computed one stands for) and those below it."""

    inflow: tuple[tuple[MeteredPoint, int], ...]
    outflow: tuple[MeteredPoint, ...]
    unit: str
    cuts: Cuts

    @property
    def points(self) -> list[MeteredPoint]:
        return [point for point, _ in self.inflow] + list(self.outflow)


@dataclass(frozen=True, slots=True)
class DaysLoss:
    """A day's balance, amounts in the network's unit; no loss: `reason`.

    Attributes:
        uncertainty: half width of the loss's range, as a share of the inflow.
    """

    inflow: tuple[tuple[Metered, int], ...]
    outflow: tuple[Metered, ...]
    amount: float | None
    loss: float | None
    uncertainty: float
    learned: Learned | None
    tolerance: float
    reason: str

    @property
    def unclassed(self) -> tuple[str, ...]:
        """Points whose meters are of no known class."""
        every = (*(one for one, _ in self.inflow), *self.outflow)
        return tuple(code for one in every for code in one.unclassed)


def loss_of(
    inflow: Sequence[tuple[Metered, int]], outflow: Sequence[Metered], symbol: str
) -> tuple[float, float, float] | None:
    """Inflow, loss share and its uncertainty; None: something is unknown, or nothing went in."""
    signed = [*inflow, *((one, -1) for one in outflow)]
    filled = [(one, sign, one.filled) for one, sign in signed]
    known = [(convert(amount, one.unit, symbol), sign) for one, sign, amount in filled if amount is not None]
    if len(known) < len(filled):
        return None
    entered = sum(amount * sign for amount, sign in known[: len(inflow)])
    loss = loss_share(entered, [amount for amount, _ in known[len(inflow) :]])
    if loss is None:
        return None
    parts = [convert(one.uncertainty, one.unit, symbol) / entered for one, _ in signed]
    return entered, loss, sqrt(sum(part * part for part in parts))


class Balance:
    """Days, compared with earlier days of the same network."""

    lasting = True
    revises = True

    def __init__(self, rule: BalanceRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._e = enterprise.e

    async def subjects(self, facts: Facts) -> list[Subject[Network]]:
        """Points with points of the same carrier below them, all in units that add up."""
        points = {point.code: point for point in await facts.ask(metered_points, self._e)}
        below: dict[str, list[MeteredPoint]] = {}
        for point in points.values():
            if point.parent is not None and point.carrier is not None and point.aggregate == "sum":
                below.setdefault(point.parent, []).append(point)
        inflows: dict[str, tuple[tuple[MeteredPoint, int], ...]]
        inflows = {code: ((points[code], 1),) for code in below if code in points}
        computed = await self._computed(facts, below, points)
        inflows |= {code: inflow for code, (inflow, _) in computed.items()}
        cuts, carriers = await facts.ask(cuts_of, self._e), self._rule.watches.carriers
        found = []
        for code, inflow in sorted(inflows.items()):
            first = inflow[0][0]
            like = unit(first.amount_unit).dimension
            outflow = [q for q in below[code] if q.carrier == first.carrier and unit(q.amount_unit).dimension is like]
            wanted = carriers is None or first.carrier in carriers
            if outflow and wanted and first.aggregate == "sum" and len(outflow) == len(below[code]):
                network = Network(inflow, tuple(outflow), first.amount_unit, cuts)
                found.append(self._subject(code, network, computed[code][1] if code in computed else ()))
        return found

    async def _computed(
        self, facts: Facts, below: Mapping[str, object], points: Mapping[str, MeteredPoint]
    ) -> dict[str, tuple[tuple[tuple[MeteredPoint, int], ...], Recorded]]:
        """Computed points with points below them, as the signed meters they stand for now; when that was recorded."""
        rows = [row async for row in statements("metered").virtual_points(facts.connection, e=self._e)]
        parents = {row["p"]: row["code"] for row in rows if row["code"] in below}
        by_number = {point.p: point for point in points.values()}
        recorded = await points_recorded(facts.connection, self._e, parents)
        found = {}
        for p, served in (await served_points(facts.connection, self._e, list(parents))).items():
            part = served.parts[-1] if served.parts else None
            if part is not None and all(term in by_number for term in part.points):
                terms = zip(part.points, part.signs, strict=True)
                found[parents[p]] = tuple((by_number[term], sign) for term, sign in terms), recorded[p]
        return found

    def _subject(self, code: str, network: Network, computed: Recorded) -> Subject[Network]:
        numbers = frozenset(point.p for point in network.points)
        return Subject(
            code=code,
            watched=network,
            grid=CutGrid(network.cuts, Cut.DAY),
            inputs=numbers,
            waits_for=numbers,
            reach=_FOR_EVER,
            configured=(*(entry for point in network.points for entry in point.recorded), *computed),
        )

    async def judge(self, facts: Facts, spans: Sequence[Span[Network]]) -> dict[str, list[Judged[DaysLoss]]]:
        found: dict[str, list[Judged[DaysLoss]]] = {}
        for span in spans:
            network, steps = span.subject.watched, span.subject.grid.steps(span.start, span.end)
            days = network.cuts.windows(Cut.DAY, await self._begin(facts, network, span.start), span.end)
            points = tuple(sorted({q.p for q in network.points}))
            dates = [network.cuts.day_of(start) for start, _ in days]
            last = network.cuts.day_of(span.end) + _DAY
            sums = await facts.ask(day_sums, self._e, points, dates[0], last) if dates else {}
            told = [
                (day, self._balanced(network, day, {p: sums[p, on] for p in points if (p, on) in sums}))
                for day, on in zip(days, dates, strict=True)
            ]
            compared = self._compared(told, network.cuts, self._accepted(span.subject))
            found[span.subject.code] = [self._judged(step, compared[step]) for step in steps]
        return found

    async def _begin(self, facts: Facts, network: Network, start: datetime) -> datetime:
        """Since when all of its meters are read: what is usual was learned from there on, day by day."""
        states = await facts.ask(store.point_states, self._e)
        firsts = [states[q.p].first_ts for q in network.points if q.p in states]
        return min(start, max(firsts, default=start))

    def _accepted(self, subject: Subject[Network]) -> datetime | None:
        on = self._rule.condition.accepted.get(subject.code)
        return subject.watched.cuts.day_begins(on) if on is not None else None

    def _balanced(self, network: Network, day: Step, sums: Mapping[int, WindowSum]) -> DaysLoss:
        window_s = (day[1] - day[0]).total_seconds()
        inflow = tuple((Metered.of(q.during(*day), sums.get(q.p), window_s), sign) for q, sign in network.inflow)
        outflow = tuple(Metered.of(q.during(*day), sums.get(q.p), window_s) for q in network.outflow)
        balanced = loss_of(inflow, outflow, network.unit)
        if balanced is None:
            return DaysLoss(inflow, outflow, None, None, 0.0, None, 0.0, "no_value")
        completeness = min(one.completeness for one in (*(one for one, _ in inflow), *outflow))
        reason = "incomplete" if completeness < self._rule.condition.min_completeness else ""
        return DaysLoss(inflow, outflow, *balanced, None, 0.0, reason)

    def _compared(
        self, told: Sequence[tuple[Step, DaysLoss]], cuts: Cuts, accepted: datetime | None
    ) -> dict[Step, DaysLoss]:
        """Days against what was learned before each of them, in order of time.

        Neither a day out of balance is learned nor one on which the plant stood: its losses are those of standstill.
        A network not metered in full goes on being learned, or it would never be told that it is by now. One that has
        stood for `least_days` says since when: whether that is a long repair or usual from now on (`accepted`) no meter
        tells.
        """
        condition, found = self._rule.condition, dict[Step, DaysLoss]()
        waiting, sound = deque[tuple[Step, DaysLoss]](), list[tuple[Step, DaysLoss]]()
        standing: list[datetime] = []
        for step, day in told:
            if accepted is not None and step[0] >= accepted:
                waiting = deque(entry for entry in waiting if entry[0][0] >= accepted)
                sound = [entry for entry in sound if entry[0][0] >= accepted]
            while waiting and waiting[0][0][1] <= step[0] - condition.skip_days * _DAY:
                sound.append(waiting.popleft())
            del sound[: -condition.learn_days]
            found[step] = self._against(day, [earlier for _, earlier in sound])
            idle = found[step].reason == "idle"
            if idle:
                standing.append(step[0])
            elif not day.reason:
                standing.clear()
            if idle and len(standing) >= condition.least_days:
                found[step] = _withheld(day, f"idle since {cuts.day_of(standing[0])}")
            if not day.reason and day.amount is not None and not idle and not _differs(found[step]):
                waiting.append((step, day))
        return found

    def _against(self, today: DaysLoss, sound: Sequence[DaysLoss]) -> DaysLoss:
        """A day against days that were sound."""
        condition = self._rule.condition
        if today.reason or today.amount is None or today.loss is None:
            return today
        if len(sound) < condition.least_days:
            return _withheld(today, "learning")
        usual = median([day.amount for day in sound if day.amount is not None])
        if today.amount < _IDLE * usual:
            return _withheld(today, "idle")
        learned = learn([day.loss for day in sound if day.loss is not None])
        tolerance = learned.tolerance(today.uncertainty, condition.margin)
        whole = -tolerance <= learned.loss <= condition.usual_loss + tolerance
        return _withheld(today, "" if whole else "not_fully_metered", learned, tolerance)

    def _judged(self, step: Step, day: DaysLoss) -> Judged[DaysLoss]:
        if day.reason or day.loss is None or day.learned is None:
            return Judged(Observation(*step, Truth.UNKNOWN, reason=day.reason), _pct(day.loss), None, None, day)
        differs = day.loss - day.learned.loss
        limit = day.learned.loss + (day.tolerance if differs >= 0 else -day.tolerance)
        band = self._rule.deadband / 100
        truth = Truth.MET if _differs(day) else Truth.CLEAR
        in_band = truth is Truth.CLEAR and abs(differs) > day.tolerance - band
        sure = None
        if truth is Truth.MET:
            low, high = day.loss - day.uncertainty, day.loss + day.uncertainty
            sure = certainty(low, high, limit, over=differs >= 0, unclassed=day.unclassed)
        return Judged(Observation(*step, truth, in_band, ""), _pct(day.loss), _pct(limit), sure, day)

    async def earliest(self, _: Facts, __: Sequence[Subject[Network]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[Network], judged: Judged[DaysLoss]) -> dict[str, object]:
        step, day, symbol = judged.observation, judged.basis, subject.watched.unit
        learned = day.learned
        assert learned is not None
        terms = " ".join(f"{'+' if sign > 0 else '-'} {one.point}" for one, sign in day.inflow)
        below = " + ".join(one.point for one in day.outflow)
        entered = day.amount or 0.0
        return {
            "window": {"start": step.start, "end": step.end, "resolution": "day"},
            "inputs": [
                *(one.evidence | {"part": "in", "sign": sign} for one, sign in day.inflow),
                *(one.evidence | {"part": "out", "sign": 1} for one in day.outflow),
            ],
            "unit": symbol,
            "arithmetic": [
                line("in", terms, entered, symbol),
                line("out", below, entered * (1 - (day.loss or 0.0)), symbol),
                line("value", "(in - out) / in", _pct(day.loss), "%"),
                line("learned", f"median of {learned.days} days", _pct(learned.loss), "%"),
                line("scatter", "3 x 1.4826 x median absolute deviation", _pct(learned.scatter), "%"),
                line("uncertainty", "classes and steps, root of the sum of squares, / in", _pct(day.uncertainty), "%"),
                line("tolerance", "the greater of scatter and uncertainty, + margin", _pct(day.tolerance), "%"),
                line("distance", "|value - learned|", _pct(abs((day.loss or 0.0) - learned.loss)), "%"),
            ],
            "limit": {"learned_loss": learned.loss, "scatter": learned.scatter, "margin": self._rule.condition.margin},
            "result": {
                "value": judged.value,
                "low": _pct((day.loss or 0.0) - day.uncertainty),
                "high": _pct((day.loss or 0.0) + day.uncertainty),
                "unit": "%",
                "limit": judged.limit,
                "certainty": judged.certainty,
                **class_unknown(day.unclassed),
            },
        }


def _differs(day: DaysLoss) -> bool:
    """Whether a day is out of balance."""
    if day.reason or day.loss is None or day.learned is None:
        return False
    return abs(day.loss - day.learned.loss) > day.tolerance


def _pct(share: float | None) -> float | None:
    return None if share is None else share * 100


def _withheld(day: DaysLoss, reason: str, learned: Learned | None = None, tolerance: float = 0.0) -> DaysLoss:
    return DaysLoss(day.inflow, day.outflow, day.amount, day.loss, day.uncertainty, learned, tolerance, reason)


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of `balance` judged again."""
    inflow = [(Metered.of_evidence(one), int(one["sign"])) for one in body["inputs"] if one["part"] == "in"]
    outflow = [Metered.of_evidence(one) for one in body["inputs"] if one["part"] == "out"]
    balanced = loss_of(inflow, outflow, body["unit"])
    if balanced is None:
        return None, None, None
    limit = body["limit"]
    learned = Learned(float(limit["learned_loss"]), float(limit["scatter"]), 0)
    tolerance = learned.tolerance(balanced[2], float(limit["margin"]))
    differs = balanced[1] - learned.loss
    bound = learned.loss + (tolerance if differs >= 0 else -tolerance)
    return abs(differs) > tolerance, balanced[1] * 100, bound * 100
