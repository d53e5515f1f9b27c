"""`supply_coal_rate`: a fleet over twelve months against the plan, and a unit's day against its own curve.

    b = B (1 - alpha) / (Wgen - Waux,power)

Nothing below a day: belt scales lead the burn by hours, heating values are daily samples.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from db.coal_rates import TWELVE_MONTHS, UnitDay, UnitPast, Year, unit_days, units_of, year_of, years_together
from db.enpi_model import cuts_of
from db.plants import EnterpriseRow, enterprises
from enms.alerts import Observation, Truth
from enms.bounds import targets
from enms.coal_rate import curve_at, fleet_rate
from enms.cuts import Cut, Cuts
from enms.enpi_inputs import Input
from enms.enpi_ratio import Ratio
from enms.enpi_verdict import Certainty
from enms.performance import EnpiValue, enpi_value
from enms.plant_words import DISTRICT
from enms.units import convert
from rules.coal_rules import SupplyCoalRule, UnitCondition
from rules.conditions import Judged, Span, Subject, over
from rules.cut_grid import CutGrid
from rules.enpi_evidence import input_of, value_lines
from rules.enpi_inputs import enpi_input
from rules.evidence import decimal
from rules.facts import Facts
from rules.metered import class_unknown, line

FLEET, GROUP = "fleet", "group"
_DAY = timedelta(days=1)
_RATIO = Ratio.of("kWh")


@dataclass(frozen=True, slots=True)
class Fleet:
    """One plant's units."""

    owner: EnterpriseRow
    units: tuple[UnitPast, ...]


class FleetCoal:
    """All units together, day by day over the twelve months before: of one plant, or of all plants a rule watches.

    A district's units count by what they supplied, too; where one of them is not known well enough, neither is it.
    """

    revises = True

    def __init__(self, rule: SupplyCoalRule, enterprise: EnterpriseRow) -> None:
        assert not isinstance(rule.condition, UnitCondition)
        self._rule, self._condition = rule, rule.condition
        self._enterprise = enterprise
        self._of_plants = rule.scope == "district"
        self._target = next(row for row in targets().rows if row.key == rule.condition.over_target)

    async def subjects(self, facts: Facts) -> list[Subject[tuple[Fleet, ...]]]:
        """The enterprise's fleet, or that of several plants together, where there is one now.

        Units that are retired are still judged by, over the days they served.
        """
        fleets = []
        for owner in await self._members(facts):
            units = _watched(await facts.ask(units_of, owner), self._rule)
            if units:
                fleets.append(Fleet(owner, units))
        every = [unit for fleet in fleets for unit in fleet.units]
        if all(unit.retired for unit in every):
            return []
        code = FLEET if not self._of_plants else DISTRICT if self._rule.watches.enterprises is None else GROUP
        cuts = await facts.ask(cuts_of, self._enterprise)
        return [_subject(code, tuple(fleets), TWELVE_MONTHS, every, cuts)]

    async def _members(self, facts: Facts) -> list[EnterpriseRow]:
        if not self._of_plants:
            return [self._enterprise]
        wanted = self._rule.watches.enterprises
        return [row for row in await facts.ask(enterprises) if wanted is None or row.code in wanted]

    async def judge(
        self, facts: Facts, spans: Sequence[Span[tuple[Fleet, ...]]]
    ) -> dict[str, list[Judged[Year | None]]]:
        found: dict[str, list[Judged[Year | None]]] = {}
        for span in spans:
            least, begin = self._condition.min_completeness, span.start - TWELVE_MONTHS
            days = [
                await unit_days(facts.connection, fleet.units, begin, span.end, min_completeness=least)
                for fleet in span.subject.watched
            ]
            steps = span.subject.grid.steps(span.start, span.end)
            found[span.subject.code] = [
                self._judged(*step, self._year(span.subject.watched, days, step[1])) for step in steps
            ]
        return found

    def _year(self, fleets: Sequence[Fleet], days: Sequence[Mapping[str, Sequence[UnitDay]]], until: datetime) -> Year:
        years = [(fleet.owner.code, year_of(fleet.units, own, until)) for fleet, own in zip(fleets, days, strict=True)]
        return years_together(years) if self._of_plants else years[0][1]

    def _judged(self, start: datetime, end: datetime, year: Year) -> Judged[Year | None]:
        limit, fleet = self._target.value, year.fleet
        reason = year.why_unknown(self._condition.min_completeness)
        truth, in_band, sure = Truth.UNKNOWN, False, None
        if not reason and fleet is not None:
            truth, in_band = over(fleet.value, limit, self._rule.deadband)
            sure = certainty_of(fleet.value, fleet.low, fleet.high, limit, _unclassed(year))
        value = None if fleet is None else fleet.value
        return Judged(Observation(start, end, truth, in_band, reason), value, limit, sure, year)

    def _whose(self, code: str) -> dict[str, object]:
        """A unit, and its plant where there are several."""
        plant: dict[str, object] = {"enterprise": code.partition("/")[0]} if self._of_plants else {}
        return {"generating_unit": code, **plant}

    async def earliest(self, _: Facts, __: Sequence[Subject[tuple[Fleet, ...]]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, _: Subject[tuple[Fleet, ...]], judged: Judged[Year | None]) -> dict[str, object]:
        year, until, target = judged.basis, judged.observation.end, self._target
        assert year is not None
        fleet, limit = year.fleet, target.value
        assert fleet is not None
        value = fleet.value
        return {
            "window": {"start": until - TWELVE_MONTHS, "end": until, "resolution": "rolling12m"},
            "inputs": [
                {**self._whose(code), **input_of(each)} for code, one in year.units for each in one.value.inputs
            ],
            "units": [
                {
                    "code": code,
                    "days": one.days,
                    "known": one.known,
                    "missing": [{"reason": why, "days": days} for why, days in sorted(one.missing.items())],
                }
                for code, one in year.units
            ],
            "limit": {
                "of": self._condition.of,
                "target": target.key,
                "name": {"zh": target.name.zh, "en": target.name.en},
                "value": target.value,
                "unit": target.unit,
                "source": target.source,
                "confidence": target.confidence,
                "review": target.review,
            },
            "arithmetic": [
                *(each for code, one in year.units for each in _lines(code, one.value)),
                line("value", "sum of coal for power / sum of supplied", value, "gce/kWh"),
                line("low", "value - root of the sum of squares", fleet.low, "gce/kWh"),
                line("high", "value + root of the sum of squares", fleet.high, "gce/kWh"),
                line("limit", f"target {target.key}", limit, "gce/kWh"),
                line("distance", "value - limit", value - limit, "gce/kWh"),
            ],
            "result": {
                "value": value,
                "low": fleet.low,
                "high": fleet.high,
                "limit": limit,
                "unit": "gce/kWh",
                "completeness": min(one.completeness for _, one in year.units),
                "certainty": judged.certainty,
                **class_unknown(_unclassed(year)),
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
        there = [one for one in units if one.current.curve and not one.retired]
        return [_subject(one.code, one, timedelta(), (one,), one.model.cuts) for one in there]

    async def judge(self, facts: Facts, spans: Sequence[Span[UnitPast]]) -> dict[str, list[Judged[UnitDay | None]]]:
        found: dict[str, list[Judged[UnitDay | None]]] = {}
        for span in spans:
            unit = span.subject.watched
            least = self._condition.min_completeness
            days = await unit_days(facts.connection, [unit], span.start, span.end, min_completeness=least)
            by_end = {day.end: day for day in days.get(unit.code, ())}
            steps = span.subject.grid.steps(span.start, span.end)
            found[unit.code] = [self._judged(unit, *step, by_end.get(step[1])) for step in steps]
        return found

    def _judged(self, unit: UnitPast, start: datetime, end: datetime, day: UnitDay | None) -> Judged[UnitDay | None]:
        held = unit.at(start)
        truth, in_band, reason, sure = Truth.UNKNOWN, False, "not_in_service", None
        value = limit = None
        if day is not None and held is not None:
            reason, value = day.missing, None if day.missing else day.value.value
            if not reason and value is None:
                reason = "idle"
            elif value is not None:
                load = _load(held.generation, day.value.inputs, held.rated_mw, end - start)
                own = curve_at(held.curve, load)
                reason = "" if own is not None else f"beyond_curve: {load:.2f}"
                if own is not None:
                    limit = own * (1 + self._condition.over_curve_pct / 100)
                    truth, in_band = over(value, limit, self._rule.deadband)
                    low, high = day.value.low or value, day.value.high or value
                    sure = certainty_of(value, low, high, limit, day.value.unclassed)
        return Judged(Observation(start, end, truth, in_band, reason), value, limit, sure, day)

    async def earliest(self, _: Facts, __: Sequence[Subject[UnitPast]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[UnitPast], judged: Judged[UnitDay | None]) -> dict[str, object]:
        day, pct = judged.basis, self._condition.over_curve_pct
        assert day is not None
        value = day.value
        held = subject.watched.at(value.start)
        assert held is not None
        assert judged.value is not None
        assert judged.limit is not None
        load = _load(held.generation, value.inputs, held.rated_mw, value.end - value.start)
        return {
            "window": {"start": value.start, "end": value.end, "resolution": "day"},
            "inputs": [{"generating_unit": subject.code, **input_of(one)} for one in value.inputs],
            "points": {key: list(codes) for key, codes in held.points.items()},
            "limit": {
                "of": "unit",
                "rated_mw": held.rated_mw,
                "curve": [list(pair) for pair in held.curve],
                "over_curve_pct": pct,
            },
            "arithmetic": [
                *value_lines(value),
                line("load_factor", "gross / (rated x hours)", load, "1"),
                line("of_curve", f"own curve at {decimal(load)}", curve_at(held.curve, load), "gce/kWh"),
                line("limit", f"own curve + {decimal(pct)} %", judged.limit, "gce/kWh"),
                line("distance", "value - limit", judged.value - judged.limit, "gce/kWh"),
            ],
            "result": {
                "value": judged.value,
                "low": value.low,
                "high": value.high,
                "limit": judged.limit,
                "unit": "gce/kWh",
                "completeness": value.completeness,
                "estimated_share": value.estimated_share,
                "certainty": judged.certainty,
                **class_unknown(value.unclassed),
            },
        }


def coal_of(rule: SupplyCoalRule, enterprise: EnterpriseRow) -> FleetCoal | UnitCoal:
    """What judges a rule on the supply coal rate."""
    one = isinstance(rule.condition, UnitCondition)
    return UnitCoal(rule, enterprise) if one else FleetCoal(rule, enterprise)


def _watched(units: Sequence[UnitPast], rule: SupplyCoalRule) -> tuple[UnitPast, ...]:
    wanted = rule.watches.units
    return tuple(one for one in units if wanted is None or one.code in wanted)


def _subject(code: str, watched: Any, reach: timedelta, units: Sequence[UnitPast], cuts: Cuts) -> Subject[Any]:
    points = frozenset(p for unit in units for p in unit.points)
    ncvs = frozenset(p for unit in units for p in unit.ncvs)
    present = frozenset(p for unit in units for p in unit.present)
    gone = [(p, until) for unit in units for p, until in unit.named.items() if p not in present]
    recorded = [entry for unit in units for entry in unit.model.configured]
    return Subject(
        code=code,
        watched=watched,
        grid=CutGrid(cuts, Cut.DAY),
        inputs=points | ncvs,
        waits_for=present,
        reach=reach,
        configured=(*((v.recorded_at, v.valid_from) for unit in units for v in unit.versions), *recorded),
        # a day's sample is analysed in the afternoon after
        hopes_for=tuple((p, _DAY) for p in sorted(ncvs)),
        gave_way=tuple(sorted(gone)),
    )


def _unclassed(year: Year) -> tuple[str, ...]:
    """Points of all units whose meters are of no known class, each with its unit."""
    return tuple(f"{unit}: {code}" for unit, one in year.units for code in one.value.unclassed)


def certainty_of(value: float, low: float, high: float, limit: float, unclassed: Collection[str]) -> str:
    """Whether the whole range is on the value's side of the limit; never sure where a meter's class is not known."""
    sure = not unclassed and (low > limit if value > limit else high <= limit)
    return (Certainty.CONFIRMED if sure else Certainty.POSSIBLE).value


def _load(generation: str, inputs: Sequence[Input], rated_mw: float | None, length: timedelta) -> float:
    """Mean load factor: gross generation over what the unit is rated for."""
    assert rated_mw is not None
    gross = next(one for one in inputs if one.point == generation)
    assert gross.amount is not None
    return gross.filled(convert(gross.amount, gross.unit, "kWh")) / (rated_mw * 1000 * (length / timedelta(hours=1)))


def _lines(code: str, value: EnpiValue) -> Iterator[dict[str, object]]:
    if value.alpha is not None:
        yield line("alpha", f"{code}: heat supplied / total heat", value.alpha, "1")
    yield line("power_kgce", f"{code}: coal x (1 - alpha)", value.whole_energy_kgce, "kgce")
    yield line("net_kwh", f"{code}: generated - (house load - heating only)", value.whole_output, "kWh")
    yield line("rate_of", f"{code}: coal for power / supplied", value.value, "gce/kWh")


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of `supply_coal_rate` judged again."""
    window, limit = body["window"], body["limit"]
    start, end = datetime.fromisoformat(window["start"]), datetime.fromisoformat(window["end"])
    inputs: dict[str, list[Input]] = {}
    for one in body["inputs"]:
        inputs.setdefault(one["generating_unit"], []).append(enpi_input(one))
    units = [enpi_value(start, end, found, _RATIO) for found in inputs.values()]
    if limit["of"] != "unit":
        fleet, most = fleet_rate(units), float(limit["value"])
        value = fleet.value if fleet is not None else None
    else:
        (generation,) = body["points"]["generation"]
        load = _load(generation, units[0].inputs, float(limit["rated_mw"]), end - start)
        own = curve_at([(float(at), float(rate)) for at, rate in limit["curve"]], load)
        if own is None:
            return None, None, None
        value, most = units[0].value, own * (1 + float(limit["over_curve_pct"]) / 100)
    return (None, None, most) if value is None else (value > most, value, most)
