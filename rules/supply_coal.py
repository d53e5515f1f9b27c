"""`supply_coal_rate`: a fleet over twelve months against the plan, and a unit's day against its own curve.

    b = B (1 - alpha) / (Wgen - Waux,power)

Nothing below a day: belt scales lead the burn by hours, heating values are daily samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from db.coal_rates import TWELVE_MONTHS, UnitDay, UnitPast, Year, unit_days, units_of, year_of
from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from enms.bounds import targets
from enms.coal_rate import Burnt, curve_at, fleet_rate
from enms.cuts import Cut
from rules.coal_rules import FleetCondition, SupplyCoalRule, UnitCondition
from rules.conditions import Judged, Span, Subject, over
from rules.cut_grid import CutGrid
from rules.evidence import decimal
from rules.facts import Facts
from rules.metered import line

FLEET = "fleet"
_DAY = timedelta(days=1)
_FIGURES = ("coal_kgce", "gross_kwh", "auxiliary_kwh", "heating_kwh", "heat_gj", "total_heat_gj")


class FleetCoal:
    """All units together, day by day over the twelve months before."""

    revises = True

    def __init__(self, rule: SupplyCoalRule, enterprise: EnterpriseRow) -> None:
        assert isinstance(rule.condition, FleetCondition)
        self._rule, self._condition = rule, rule.condition
        self._enterprise = enterprise
        self._target = next(row for row in targets().rows if row.key == rule.condition.over_target)

    async def subjects(self, facts: Facts) -> list[Subject[tuple[UnitPast, ...]]]:
        """The enterprise's fleet, where it has one."""
        units = _watched(await facts.ask(units_of, self._enterprise), self._rule)
        return [_subject(FLEET, units, TWELVE_MONTHS, units)] if units else []

    async def judge(
        self, facts: Facts, spans: Sequence[Span[tuple[UnitPast, ...]]]
    ) -> dict[str, list[Judged[Year | None]]]:
        found: dict[str, list[Judged[Year | None]]] = {}
        for span in spans:
            units = span.subject.watched
            days = await unit_days(
                facts.connection,
                self._enterprise,
                units,
                span.start - TWELVE_MONTHS,
                span.end,
                min_completeness=self._condition.min_completeness,
            )
            steps = span.subject.grid.steps(span.start, span.end)
            found[span.subject.code] = [self._judged(*step, days) for step in steps]
        return found

    def _judged(self, start: datetime, end: datetime, days: Mapping[str, Sequence[UnitDay]]) -> Judged[Year | None]:
        year = year_of(days, end)
        limit = self._target.value
        reason = _too_little(year, self._condition.min_completeness)
        value = fleet_rate(year.burnt)
        truth, in_band = Truth.UNKNOWN, False
        if not reason and value is None:
            reason = "idle"
        if not reason and value is not None:
            truth, in_band = over(value, limit, self._rule.deadband)
        return Judged(Observation(start, end, truth, in_band, reason), value, limit, None, year)

    async def earliest(self, _: Facts, __: Sequence[Subject[tuple[UnitPast, ...]]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, _: Subject[tuple[UnitPast, ...]], judged: Judged[Year | None]) -> dict[str, object]:
        year, until, target = judged.basis, judged.observation.end, self._target
        assert year is not None
        value, limit = judged.value or 0.0, target.value
        return {
            "window": {"start": until - TWELVE_MONTHS, "end": until, "resolution": "rolling12m"},
            "inputs": [_figures(code, one.burnt) | {"days": one.days, "known": one.known} for code, one in year.units],
            "limit": {
                "of": FLEET,
                "target": target.key,
                "name": {"zh": target.name.zh, "en": target.name.en},
                "value": target.value,
                "unit": target.unit,
                "source": target.source,
                "confidence": target.confidence,
                "review": target.review,
            },
            "arithmetic": [
                *(each for code, one in year.units for each in _lines(code, one.burnt)),
                line("value", "sum of coal for power / sum of supplied", value, "gce/kWh"),
                line("limit", f"target {target.key}", limit, "gce/kWh"),
                line("distance", "value - limit", value - limit, "gce/kWh"),
            ],
            "result": {
                "value": value,
                "limit": limit,
                "unit": "gce/kWh",
                "completeness": min(one.completeness for _, one in year.units),
            },
        }


class UnitCoal:
    """Units day by day against the curve of their own tests at the day's load."""

    revises = True

    def __init__(self, rule: SupplyCoalRule, enterprise: EnterpriseRow) -> None:
        assert isinstance(rule.condition, UnitCondition)
        self._rule, self._condition = rule, rule.condition
        self._enterprise = enterprise

    async def subjects(self, facts: Facts) -> list[Subject[UnitPast]]:
        """Units that have a curve."""
        units = _watched(await facts.ask(units_of, self._enterprise), self._rule)
        return [_subject(one.code, one, timedelta(), (one,)) for one in units if one.current.curve]

    async def judge(self, facts: Facts, spans: Sequence[Span[UnitPast]]) -> dict[str, list[Judged[UnitDay | None]]]:
        found: dict[str, list[Judged[UnitDay | None]]] = {}
        for span in spans:
            unit = span.subject.watched
            days = await unit_days(
                facts.connection,
                self._enterprise,
                [unit],
                span.start,
                span.end,
                min_completeness=self._condition.min_completeness,
            )
            by_end = {day.end: day for day in days.get(unit.code, ())}
            steps = span.subject.grid.steps(span.start, span.end)
            found[unit.code] = [self._judged(unit, *step, by_end.get(step[1])) for step in steps]
        return found

    def _judged(self, unit: UnitPast, start: datetime, end: datetime, day: UnitDay | None) -> Judged[UnitDay | None]:
        held = unit.at(start)
        truth, in_band, reason = Truth.UNKNOWN, False, "not_in_service"
        value = limit = None
        if day is not None and held is not None:
            reason = day.missing
            value = day.burnt.rate if day.burnt is not None else None
            if day.burnt is not None and value is None:
                reason = "idle"
            elif day.burnt is not None and value is not None:
                load = _load(day.burnt, held.rated_mw, end - start)
                own = curve_at(held.curve, load)
                reason = "" if own is not None else f"beyond_curve: {load:.2f}"
                if own is not None:
                    limit = own * (1 + self._condition.over_curve_pct / 100)
                    truth, in_band = over(value, limit, self._rule.deadband)
        return Judged(Observation(start, end, truth, in_band, reason), value, limit, None, day)

    async def earliest(self, _: Facts, __: Sequence[Subject[UnitPast]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[UnitPast], judged: Judged[UnitDay | None]) -> dict[str, object]:
        day, pct = judged.basis, self._condition.over_curve_pct
        assert day is not None
        assert day.burnt is not None
        held = subject.watched.at(day.start)
        assert held is not None
        assert judged.value is not None
        assert judged.limit is not None
        load = _load(day.burnt, held.rated_mw, day.end - day.start)
        return {
            "window": {"start": day.start, "end": day.end, "resolution": "day"},
            "inputs": [_figures(subject.code, day.burnt) | {"completeness": day.completeness}],
            "points": {key: list(codes) for key, codes in held.points.items()},
            "limit": {
                "of": "unit",
                "rated_mw": held.rated_mw,
                "curve": [list(pair) for pair in held.curve],
                "over_curve_pct": pct,
            },
            "arithmetic": [
                *_lines(subject.code, day.burnt),
                line("load_factor", "gross / (rated x hours)", load, "1"),
                line("of_curve", f"own curve at {decimal(load)}", curve_at(held.curve, load), "gce/kWh"),
                line("limit", f"own curve + {decimal(pct)} %", judged.limit, "gce/kWh"),
                line("value", "coal for power / supplied", judged.value, "gce/kWh"),
                line("distance", "value - limit", judged.value - judged.limit, "gce/kWh"),
            ],
            "result": {
                "value": judged.value,
                "limit": judged.limit,
                "unit": "gce/kWh",
                "completeness": day.completeness,
            },
        }


def coal_of(rule: SupplyCoalRule, enterprise: EnterpriseRow) -> FleetCoal | UnitCoal:
    """What judges a rule on the supply coal rate."""
    fleet = isinstance(rule.condition, FleetCondition)
    return FleetCoal(rule, enterprise) if fleet else UnitCoal(rule, enterprise)


def _watched(units: Sequence[UnitPast], rule: SupplyCoalRule) -> tuple[UnitPast, ...]:
    wanted = rule.watches.units
    return tuple(one for one in units if wanted is None or one.code in wanted)


def _subject(code: str, watched: Any, reach: timedelta, units: Sequence[UnitPast]) -> Subject[Any]:
    points = frozenset(point.p for unit in units for point in unit.points.values())
    ncvs = frozenset(p for unit in units for p in unit.ncvs)
    recorded = [entry for unit in units for point in unit.points.values() for entry in point.recorded]
    return Subject(
        code=code,
        watched=watched,
        grid=CutGrid(units[0].cuts, Cut.DAY),
        inputs=points | ncvs,
        waits_for=points,
        reach=reach,
        configured=(*((v.recorded_at, v.valid_from) for unit in units for v in unit.versions), *recorded),
        # a day's sample is analysed in the afternoon after
        hopes_for=tuple((p, _DAY) for p in sorted(ncvs)),
    )


def _too_little(year: Year, least: float) -> str:
    """Which unit has too few known days, how many, and what was missing mostly; empty: none."""
    if not year.units:
        return "not_in_service"
    code, worst = min(year.units, key=lambda pair: pair[1].completeness)
    if worst.completeness >= least:
        return ""
    why = f": {worst.mostly}" if worst.mostly else ""
    return f"too_few_days: {code} {worst.known}/{worst.days}{why}"


def _load(burnt: Burnt, rated_mw: float | None, length: timedelta) -> float:
    assert rated_mw is not None
    return burnt.gross_kwh / (rated_mw * 1000 * (length / timedelta(hours=1)))


def _figures(code: str, burnt: Burnt) -> dict[str, object]:
    return {"code": code} | {key: getattr(burnt, key) for key in _FIGURES}


def _lines(code: str, burnt: Burnt) -> Iterator[dict[str, object]]:
    if burnt.heat_gj > 0:
        yield line("alpha", f"{code}: heat supplied / total heat", burnt.alpha, "1")
    yield line("power_kgce", f"{code}: coal x (1 - alpha)", burnt.power_kgce, "kgce")
    yield line("net_kwh", f"{code}: generated - (house load - heating only)", burnt.net_kwh, "kWh")
    yield line("rate_of", f"{code}: coal for power / supplied", burnt.rate, "gce/kWh")


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of `supply_coal_rate` judged again."""
    units = [Burnt(*(float(one[key]) for key in _FIGURES)) for one in body["inputs"]]
    limit = body["limit"]
    if limit["of"] == FLEET:
        value, most = fleet_rate(units), float(limit["value"])
    else:
        window = body["window"]
        length = datetime.fromisoformat(window["end"]) - datetime.fromisoformat(window["start"])
        curve = [(float(load), float(at)) for load, at in limit["curve"]]
        own = curve_at(curve, _load(units[0], float(limit["rated_mw"]), length))
        if own is None:
            return None, None, None
        value, most = units[0].rate, own * (1 + float(limit["over_curve_pct"]) / 100)
    return (None, None, most) if value is None else (value > most, value, most)
