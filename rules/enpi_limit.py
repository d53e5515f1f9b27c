"""`enpi_limit`: an EnPI against the level that binds its line.

Operational: over a shift, a day or the last 24 hours. Statutory: over the statistical year, judged whenever a month
has closed, from the year's beginning (or from when the edition in force took effect), provisional until it is over; and
over a month, which is always provisional.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from db.enpi_model import EnpiModel, enpi_models
from db.enpi_spans import ROLLING, YEAR_TO_DATE, enpi_step
from db.performance import values_of
from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from enms.cuts import Cut
from enms.errors import ConflictError
from enms.performance import EnpiValue, Verdict
from rules.conditions import Judged, Span, Subject, over
from rules.cut_grid import CutGrid
from rules.definition import EnpiLimitRule
from rules.enpi_evidence import evidence_of

_DAY = timedelta(hours=24)
_YEAR = timedelta(days=366)
# How a rule's resolution is asked of the ledger, where it is called otherwise.
_ASKED = {"year": YEAR_TO_DATE}
# How far beyond itself a quarter hour is felt.
_REACH = {ROLLING: _DAY, YEAR_TO_DATE: _YEAR}
_STEP = {Cut.HOUR: timedelta(hours=1), Cut.SHIFT: timedelta(hours=8), Cut.MONTH: timedelta(days=28)}


class EnpiLimit:
    """The condition; a verdict withheld (incomplete, idle, no ore share) is unknown, with its reason."""

    revises = True

    def __init__(self, rule: EnpiLimitRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._enterprise = enterprise
        self._resolution = _ASKED.get(rule.condition.resolution, rule.condition.resolution)

    async def subjects(self, connection: asyncpg.Connection) -> list[Subject[EnpiModel]]:
        """EnPIs held against the watched rows whose inputs are fine enough for the rule's resolution."""
        found = []
        for model in await enpi_models(connection, self._enterprise):
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

    async def judge(
        self, connection: asyncpg.Connection, spans: Sequence[Span[EnpiModel]]
    ) -> dict[str, list[Judged[EnpiValue | None]]]:
        condition = self._rule.condition
        found: dict[str, list[Judged[EnpiValue | None]]] = {}
        for span in spans:
            values = await values_of(
                connection,
                span.subject.watched,
                span.start,
                span.end,
                self._resolution,
                now=span.end,
                min_completeness=condition.min_completeness,
            )
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

    async def earliest(self, _: asyncpg.Connection, __: Sequence[Subject[EnpiModel]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[EnpiModel], judged: Judged[EnpiValue | None]) -> dict[str, object]:
        assert judged.basis is not None
        return evidence_of(subject.watched, judged.basis, self._rule.condition.resolution)


def enpi_subject(model: EnpiModel, cut: Cut, resolution: str) -> Subject[EnpiModel]:
    """An EnPI as a rule watches it: with its corrections and heating values, on its enterprise's calendar."""
    boundary = {leaf.point.p for version in model.versions for leaf in model.leaves(version)}
    recorded = [entry for point in model.points.values() if point.p in boundary for entry in point.recorded]
    named = {code for version in model.versions for code in version.enpi.corrections.values()}
    ncvs = {point.ncv for point in model.points.values() if point.p in boundary and point.ncv is not None}
    beside = [model.points[code] for code in sorted(named | ncvs) if code in model.points]
    step = _STEP.get(cut, _DAY)
    said = [(v.recorded_at, model.cuts.day_begins(d.since)) for v in model.versions for d in v.enpi.declared]
    samples = [(point.p, timedelta(seconds=point.period_s)) for point in beside]
    return Subject(
        code=model.code,
        watched=model,
        grid=CutGrid(model.cuts, cut),
        inputs=frozenset(boundary | {point.p for point in beside}),
        waits_for=frozenset(boundary),
        reach=_REACH.get(resolution, timedelta()),
        configured=(*((v.recorded_at, v.valid_from) for v in model.versions), *recorded, *said),
        hopes_for=tuple((p, period) for p, period in samples if period <= step),
    )
