"""`enpi_limit`: an EnPI against the level that binds its line.

Operational: over a shift, a day or the last 24 hours. Statutory: over the statistical year, judged whenever a month
has closed, from the year's beginning (or from when the edition in force took effect), provisional until it is over; and
over a month, which is always provisional.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from db.enpi_model import EnpiModel, enpi_models
from db.enpi_spans import YEAR_TO_DATE, enpi_step
from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from enms.enpi_verdict import Verdict
from enms.errors import ConflictError
from enms.performance import EnpiValue
from rules.conditions import Judged, Span, Subject, over
from rules.definition import EnpiLimitRule
from rules.enpi_evidence import evidence_of
from rules.enpi_watched import enpi_subject, enpi_values
from rules.facts import Facts

# How a rule's resolution is asked of the ledger, where it is called otherwise.
_ASKED = {"year": YEAR_TO_DATE}


class EnpiLimit:
    """The condition; a verdict withheld (incomplete, idle, no ore share) is unknown, with its reason."""

    revises = True

    def __init__(self, rule: EnpiLimitRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._enterprise = enterprise
        self._resolution = _ASKED.get(rule.condition.resolution, rule.condition.resolution)

    async def subjects(self, facts: Facts) -> list[Subject[EnpiModel]]:
        """EnPIs held against the watched rows whose inputs are fine enough for the rule's resolution."""
        found = []
        for model in await facts.ask(enpi_models, self._enterprise):
            limit = model.current.enpi.limit
            items = self._rule.watches.items
            if model.current.retired or limit is None or (items is not None and limit.item not in items):
                continue
            if limit.standard.split("-")[0] != self._rule.watches.standard.split("-")[0]:
                continue
            try:
                cut = enpi_step(model, self._resolution)
            except ConflictError:
                continue
            found.append(enpi_subject(model, cut, self._resolution))
        return found

    async def judge(self, facts: Facts, spans: Sequence[Span[EnpiModel]]) -> dict[str, list[Judged[EnpiValue | None]]]:
        condition = self._rule.condition
        found: dict[str, list[Judged[EnpiValue | None]]] = {}
        for span in spans:
            values = await enpi_values(facts, span, self._resolution, condition.min_completeness)
            to_date = self._resolution == YEAR_TO_DATE
            by_end = {value.end: value for value in values if to_date or not value.provisional}
            steps = span.subject.grid.steps(span.start, span.end)
            found[span.subject.code] = [self._judged(start, end, by_end.get(end)) for start, end in steps]
        return found

    def _judged(self, start: datetime, end: datetime, value: EnpiValue | None) -> Judged[EnpiValue | None]:
        truth, in_band, reason = self.answer(value)
        limit = value.limit if value is not None else None
        return Judged(
            Observation(start, end, truth, in_band, reason),
            value=value.value if value is not None else None,
            limit=limit.limit if limit is not None else None,
            certainty=limit.certainty.value if limit is not None and limit.certainty is not None else None,
            basis=value,
        )

    def answer(self, value: EnpiValue | None) -> tuple[Truth, bool, str]:
        """The condition on one span's value."""
        if value is None or value.limit is None:
            return Truth.UNKNOWN, False, "no_value"
        limit = value.limit
        if limit.verdict is Verdict.UNKNOWN or limit.limit is None or value.value is None:
            return Truth.UNKNOWN, False, str(limit.reason) if limit.reason is not None else ""
        return *over(value.value, limit.limit, self._rule.deadband), ""

    async def earliest(self, _: Facts, __: Sequence[Subject[EnpiModel]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[EnpiModel], judged: Judged[EnpiValue | None]) -> dict[str, object]:
        assert judged.basis is not None
        return evidence_of(subject.watched, judged.basis, self._rule.condition.resolution)
