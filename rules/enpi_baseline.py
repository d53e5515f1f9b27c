"""`enpi_baseline`: energy of a boundary over its baseline by more than the prediction interval.

The baseline is fitted once, when its period is closed, and kept: what is judged later is judged by the same figures. It
is fitted anew only where a person asks for it (`enms baseline refit`) or the rule says something else of the fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import asyncpg

from db.baseline_steps import Drawing, Drawn, VariableValue, drawings, drawn
from db.baselines import StoredBaseline, baselines, put_baseline, valid_at
from db.enpi_model import EnpiModel, enpi_models
from db.enpi_spans import enpi_step
from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from enms.baseline import DATA_DIGITS, Against, Baseline, against, rounded
from enms.cuts import Cut
from enms.enpi_ratio import Ratio
from enms.errors import ConflictError
from enms.performance import EnpiValue, enpi_value
from enms.regression import NoFit, quantile
from rules.baseline_evidence import baseline_facts, lines_of, read_baseline, variable_facts
from rules.baseline_fit import fitted, period_of, poor
from rules.baseline_rules import BaselineCondition, EnpiBaselineRule
from rules.conditions import Judged, Span, Subject, over
from rules.enpi_evidence import boundary_of, input_of
from rules.enpi_inputs import enpi_input
from rules.enpi_watched import enpi_subject
from rules.facts import Facts
from rules.metered import certainty, class_unknown, number

# Inputs stand in evidence with ten digits; what is made of them again differs by no more than this.
_WITHIN = 1e-8
# As long as there is no baseline, what comes late into its period is felt by all that comes after it.
_UNTIL_FITTED = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Watched:
    """An EnPI with its variables, and the baselines kept of it by this wording of the fit, oldest first."""

    subject: Drawn
    kept: tuple[StoredBaseline, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What one judged step stood on; `found` where it was held against a baseline."""

    drawing: Drawing
    held: StoredBaseline | None
    t: float
    found: Against | None


class EnpiBaseline:
    """Shifts or days of EnPIs against what their baseline expects."""

    revises = True

    def __init__(self, rule: EnpiBaselineRule, enterprise: EnterpriseRow, *, keep: bool = True) -> None:
        """Without `keep` (a backtest) nothing is written: what is not there yet is fitted for the occasion."""
        self._rule = rule
        self._enterprise = enterprise
        self._condition: BaselineCondition = rule.condition
        self._spec = rule.condition.spec
        self._keep = keep
        self._fits: dict[str, StoredBaseline | NoFit] = {}

    async def subjects(self, facts: Facts) -> list[Subject[Watched]]:
        """EnPIs of those names whose inputs are fine enough."""
        models, cuts = [], []
        for model in await facts.ask(enpi_models, self._enterprise):
            wanted = any(fnmatchcase(model.code, pattern) for pattern in self._rule.watches.enpis)
            if not wanted or model.current.retired:
                continue
            try:
                cuts.append(enpi_step(model, self._condition.resolution))
            except ConflictError:
                continue
            models.append(model)
        if not models:
            return []
        kept: dict[str, list[StoredBaseline]] = {}
        for one in await baselines(facts.connection, self._enterprise.e, self._rule.id):
            if one.spec == self._spec:
                kept.setdefault(one.subject, []).append(one)
        found = await drawn(
            facts.connection, self._enterprise, models, self._condition.wanted, self._condition.resolution
        )
        return [
            self._subject(one, cut, tuple(kept.get(one.model.code, ()))) for one, cut in zip(found, cuts, strict=True)
        ]

    def _subject(self, one: Drawn, cut: Cut, kept: tuple[StoredBaseline, ...]) -> Subject[Watched]:
        of_enpi: Subject[EnpiModel] = enpi_subject(one.model, cut, self._condition.resolution)
        beside = {point.p for point in one.points.values()}
        beside |= {leaf.point.p for other in one.enpis.values() for leaf in other.leaves(other.current)}
        recorded = [entry for point in one.points.values() for entry in point.recorded]
        recorded += [entry for other in one.enpis.values() for entry in other.configured]
        asked = [(version.recorded_at, version.valid_from) for version in kept if version.actor]
        return Subject(
            code=of_enpi.code,
            watched=Watched(one, kept),
            grid=of_enpi.grid,
            inputs=of_enpi.inputs | beside,
            waits_for=of_enpi.waits_for | beside,
            reach=timedelta() if kept else _UNTIL_FITTED,
            configured=(*of_enpi.configured, *recorded, *asked),
            hopes_for=of_enpi.hopes_for,
            gave_way=of_enpi.gave_way,
        )

    async def judge(self, facts: Facts, spans: Sequence[Span[Watched]]) -> dict[str, list[Judged[Step | None]]]:
        return {span.subject.code: await self._judge(facts.connection, span) for span in spans}

    async def _judge(self, connection: asyncpg.Connection, span: Span[Watched]) -> list[Judged[Step | None]]:
        subject = span.subject
        steps = subject.grid.steps(span.start, span.end)
        missing = subject.watched.subject.missing
        if missing:
            return [_unknown(*step, f"variable_missing: {', '.join(missing)}", None) for step in steps]
        kept, problem = await self._baselines(connection, subject, steps[-1][0] if steps else span.start)
        found = await drawings(connection, subject.watched.subject, self._condition.resolution, steps)
        return [self._judged(one, valid_at(kept, one.start), problem) for one in found]

    async def _baselines(
        self, connection: asyncpg.Connection, subject: Subject[Watched], last: datetime
    ) -> tuple[Sequence[StoredBaseline], str]:
        """What the steps up to `last` are judged by; empty: why there is nothing."""
        watched = subject.watched
        if watched.kept:
            return watched.kept, "baseline_period"
        made = self._fits.get(subject.code) or await self._fit(connection, subject, last)
        if made is not None:
            self._fits[subject.code] = made
        if isinstance(made, NoFit):
            return (), str(made)
        return ((made,) if made is not None else ()), "baseline_period"

    async def _fit(
        self, connection: asyncpg.Connection, subject: Subject[Watched], last: datetime
    ) -> StoredBaseline | NoFit | None:
        """Fit and keep it; None: its period is not over."""
        watched = subject.watched
        period = period_of(self._condition.baseline, watched.subject)
        if period is None or last < period[1]:
            return None
        made = await fitted(connection, watched.subject, self._condition, *period)
        if isinstance(made, NoFit):
            return made
        version, e = 0, self._enterprise.e
        if self._keep:
            version = await put_baseline(connection, e, self._rule.id, subject.code, spec=self._spec, baseline=made)
        return StoredBaseline(self._rule.id, subject.code, version, self._spec, made.end, made.end, made, "", "", "")

    def _judged(self, one: Drawing, held: StoredBaseline | None, problem: str) -> Judged[Step | None]:
        condition = self._condition
        if held is None:
            return _unknown(one.start, one.end, problem, Step(one, None, 0.0, None))
        baseline = held.baseline
        reason = _withheld(one, baseline, condition)
        if reason:
            return _unknown(one.start, one.end, reason, Step(one, held, 0.0, None))
        assert one.energy is not None
        t = quantile(condition.significance, baseline.freedom)
        # by the figures that stand in evidence: their difference is looked at, and nobody has more digits than those
        energy, x = rounded(one.energy, DATA_DIGITS), [rounded(x, DATA_DIGITS) for x in one.x]
        found = against(baseline, energy, x, t, condition.at_least_pct)
        truth, in_band = over(found.over_pct, found.limit_pct, self._rule.deadband)
        sure = None
        if truth is Truth.MET and one.value is not None:
            half = _spread(one.value) * abs(one.energy)
            low, high = found.excess - half, found.excess + half
            sure = certainty(low, high, found.allowed, over=True, unclassed=one.value.unclassed)
        observation = Observation(one.start, one.end, truth, in_band, "")
        return Judged(observation, found.over_pct, found.limit_pct, sure, Step(one, held, t, found))

    async def earliest(self, _: Facts, __: Sequence[Subject[Watched]]) -> dict[str, datetime]:
        """The ledger and the kept baseline are all it needs."""
        return {}

    def evidence(self, subject: Subject[Watched], judged: Judged[Step | None]) -> dict[str, object]:
        step, condition = judged.basis, self._condition
        assert step is not None
        assert step.held is not None
        assert step.found is not None
        value, model = step.drawing.value, subject.watched.subject.model
        held, x = step.held.baseline, step.drawing.x
        assert value is not None
        factors = condition.static_factors
        return {
            "window": {"start": value.start, "end": value.end, "resolution": condition.resolution},
            "boundary": boundary_of(model.version_at(value.start) or model.current),
            "inputs": [input_of(one) for one in value.inputs],
            "variables": [variable_facts(one) for one in step.drawing.variables],
            "baseline": baseline_facts(held, step.held),
            "limit": {
                "significance": condition.significance,
                "t": step.t,
                "at_least_pct": condition.at_least_pct,
                "beyond": condition.beyond,
                "max_cv_rmse": condition.max_cv_rmse,
                "min_r2": condition.min_r2,
                "max_f_p": condition.max_f_p,
            },
            "static_factors": None if factors is None else {"zh": factors.zh, "en": factors.en},
            "arithmetic": lines_of(value, held, x, step.t, step.found, condition.at_least_pct),
            "result": {
                "value": judged.value,
                "limit": judged.limit,
                "unit": "%",
                "energy_kgce": value.whole_energy_kgce,
                "expected_kgce": step.found.expected,
                "excess_kgce": step.found.excess,
                "output_unit": value.output_unit,
                "enpi_unit": value.unit,
                "completeness": value.completeness,
                "certainty": judged.certainty,
                **class_unknown(value.unclassed),
            },
        }


def _withheld(one: Drawing, baseline: Baseline, condition: BaselineCondition) -> str:
    """Why a step cannot be held against its baseline; empty: it can."""
    if reason := one.withheld(condition.min_completeness):
        return reason
    assert one.output is not None
    worse, outside = poor(baseline, condition), baseline.beyond(one.x, condition.beyond)
    if one.boundary != baseline.boundary:
        reason = "boundary_changed"
    elif worse:
        reason = f"baseline_poor: {worse}"
    elif one.output < baseline.idle_below:
        reason = "idle"
    elif outside:
        variable, x = outside
        span = f"{variable.least:.4g}–{variable.greatest:.4g} {variable.unit}"
        reason = f"beyond_baseline: {variable.code} {x:.4g} ({span})"
    elif baseline.expected(one.x) == 0:
        reason = "nothing_expected"
    return reason


def _spread(value: EnpiValue) -> float:
    """Relative half width of an EnPI's range."""
    if value.value is None or value.low is None or not value.value:
        return 0.0
    return abs((value.value - value.low) / value.value)


def _unknown(start: datetime, end: datetime, reason: str, basis: Step | None) -> Judged[Step | None]:
    return Judged(Observation(start, end, Truth.UNKNOWN, reason=reason), None, None, None, basis)


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of `enpi_baseline` judged again."""
    window, limit, result = body["window"], body["limit"], body["result"]
    start, end = datetime.fromisoformat(window["start"]), datetime.fromisoformat(window["end"])
    inputs = [enpi_input(one) for one in body["inputs"]]
    value = enpi_value(start, end, inputs, Ratio.of(result["output_unit"], result["enpi_unit"]))
    energy = _as_frozen(value.whole_energy_kgce, result["energy_kgce"])
    x = [_as_frozen(_given(one, value), one["value"]) for one in body["variables"]]
    if energy is None or None in x:
        return None, None, None
    given = [one for one in x if one is not None]
    found = against(read_baseline(body["baseline"]), energy, given, float(limit["t"]), float(limit["at_least_pct"]))
    return found.over_pct > found.limit_pct, found.over_pct, found.limit_pct


def _as_frozen(again: float | None, frozen: str | None) -> float | None:
    """A figure made again, as it was frozen where it is the same but for rounding."""
    was = number(frozen)
    if again is None or was is None:
        return None
    return was if abs(again - was) <= _WITHIN * abs(was) else again


def _given(one: Mapping[str, Any], value: EnpiValue) -> float | None:
    if one["kind"] == "output":
        return value.whole_output
    amount = number(one["amount"])
    return VariableValue(
        one["kind"], one["code"], one["unit"], amount, one["mean"], float(one["window_s"]), float(one["covered_s"])
    ).value
