"""`threshold` on EnPIs: over or under a figure that somebody set, without any standard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from db.enpi_model import EnpiModel, enpi_models
from db.enpi_spans import enpi_step
from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from enms.cuts import Cut
from enms.enpi_ratio import Ratio
from enms.errors import ConflictError
from enms.performance import EnpiValue, enpi_value
from rules import threshold
from rules.conditions import Judged, Span, Subject
from rules.enpi_evidence import boundary_of, input_of, value_lines
from rules.enpi_inputs import enpi_input
from rules.enpi_watched import enpi_subject, enpi_values
from rules.facts import Facts
from rules.metered import certainty, class_unknown, line
from rules.point_rules import ThresholdRule
from rules.threshold import answer, condition_in


class EnpiThreshold:
    """An EnPI over an hour, a shift, a day or the last 24 hours."""

    revises = True

    def __init__(self, rule: ThresholdRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._enterprise = enterprise
        resolution = rule.condition.resolution
        self._resolution = Cut.HOUR.value if resolution == "hour" else resolution

    async def subjects(self, facts: Facts) -> list[Subject[EnpiModel]]:
        """EnPIs of those names whose inputs are fine enough."""
        found = []
        for model in await facts.ask(enpi_models, self._enterprise):
            wanted = any(fnmatchcase(model.code, pattern) for pattern in self._rule.watches.enpis or ())
            if not wanted or model.current.retired:
                continue
            try:
                cut = enpi_step(model, self._resolution)
            except ConflictError:
                continue
            found.append(enpi_subject(model, cut, self._resolution))
        return found

    async def judge(self, facts: Facts, spans: Sequence[Span[EnpiModel]]) -> dict[str, list[Judged[EnpiValue | None]]]:
        found: dict[str, list[Judged[EnpiValue | None]]] = {}
        for span in spans:
            values = await enpi_values(facts, span, self._resolution)
            by_end = {value.end: value for value in values if not value.provisional}
            steps = span.subject.grid.steps(span.start, span.end)
            found[span.subject.code] = [self._judged(start, end, by_end.get(end)) for start, end in steps]
        return found

    def _judged(self, start: datetime, end: datetime, value: EnpiValue | None) -> Judged[EnpiValue | None]:
        condition = self._rule.condition
        known = value.value if value is not None else None
        truth, in_band, sure = Truth.UNKNOWN, False, None
        reason = self._withheld(value)
        if not reason and value is not None and known is not None:
            truth, in_band = answer(known, condition, self._rule.deadband)
            if truth is Truth.MET and value.low is not None and value.high is not None:
                above = condition.over is not None
                sure = certainty(value.low, value.high, condition.limit, over=above, unclassed=value.unclassed)
        observation = Observation(start, end, truth, in_band, reason)
        return Judged(observation, known, condition.limit, sure, value)

    def _withheld(self, value: EnpiValue | None) -> str:
        """Why there is no answer; empty: there is one."""
        if value is None:
            return "no_value"
        if value.value is None:
            return str(value.reason) if value.reason is not None else "no_value"
        if value.unit != self._rule.unit:
            return "other_unit"
        return "incomplete" if value.completeness < self._rule.condition.min_completeness else ""

    async def earliest(self, _: Facts, __: Sequence[Subject[EnpiModel]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[EnpiModel], judged: Judged[EnpiValue | None]) -> dict[str, object]:
        value, condition = judged.basis, self._rule.condition
        assert value is not None
        version = subject.watched.version_at(value.start) or subject.watched.current
        distance = None if value.value is None else value.value - condition.limit
        compared = ">" if condition.over is not None else "<"
        return {
            "window": {"start": value.start, "end": value.end, "resolution": self._resolution},
            "boundary": boundary_of(version),
            "inputs": [input_of(one) for one in value.inputs],
            "arithmetic": [
                *value_lines(value),
                line("distance", f"value - limit; met when value {compared} limit", distance, value.unit),
            ],
            "limit": {"over": condition.over, "under": condition.under, "unit": value.unit},
            "result": {
                "value": value.value,
                "low": value.low,
                "high": value.high,
                "unit": value.unit,
                "limit": condition.limit,
                "completeness": value.completeness,
                "output_unit": value.output_unit,
                "certainty": judged.certainty,
                **class_unknown(value.unclassed),
            },
        }


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of `threshold` judged again, whatever it is about."""
    if "boundary" not in body:
        return threshold.replayed(body)
    condition = condition_in(body)
    window, result = body["window"], body["result"]
    start, end = datetime.fromisoformat(window["start"]), datetime.fromisoformat(window["end"])
    inputs = [enpi_input(one) for one in body["inputs"]]
    value = enpi_value(start, end, inputs, Ratio.of(result["output_unit"], result["unit"])).value
    if value is None:
        return None, None, condition.limit
    return answer(value, condition, 0.0)[0] is Truth.MET, value, condition.limit
