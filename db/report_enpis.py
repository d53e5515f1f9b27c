"""EnPIs of a report's span, and of the spans it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db import performance
from db.enpi_model import EnpiModel, enpi_models
from db.plants import EnterpriseRow
from enms.cuts import Window
from enms.errors import ConflictError
from enms.performance import EnpiValue
from enms.report import Change, EnpiLine, Used, change
from enms.report_spans import Scope

FINER = "finer_than_an_input"
NOT_YET = "nothing_closed"


async def enpi_lines(connection: asyncpg.Connection, enterprise: EnterpriseRow, scope: Scope) -> tuple[EnpiLine, ...]:
    """Every EnPI in use, by code. One that cannot be cut that fine says so."""
    models = [model for model in await enpi_models(connection, enterprise) if not model.current.retired]
    return tuple([await _line(connection, model, scope) for model in models])


@dataclass(frozen=True, slots=True)
class _Found:
    value: EnpiValue | None
    why: str | None


async def _line(connection: asyncpg.Connection, model: EnpiModel, scope: Scope) -> EnpiLine:
    now = await _value(connection, model, scope, (scope.start, scope.until))
    before = await _value(connection, model, scope, scope.before)
    year_ago = await _value(connection, model, scope, scope.year_ago)
    enpi, value = model.current.enpi, now.value
    judged = value.limit if value is not None else None
    levels = (judged.levels if judged is not None else None) or (None, None, None)
    row = judged.row if judged is not None else None
    return EnpiLine(
        code=model.code,
        name_zh=enpi.name.zh if enpi.name is not None else model.code,
        name_en=enpi.name.en if enpi.name is not None else model.code,
        process=enpi.process,
        unit=model.ratio.symbol,
        value=value.value if value is not None else None,
        low=value.low if value is not None else None,
        high=value.high if value is not None else None,
        completeness=value.completeness if value is not None else 0.0,
        estimated_share=value.estimated_share if value is not None else 0.0,
        state=value.state.value if value is not None else "unknown",
        reason=_text(value) or now.why,
        energy_tce=_tce(value.energy_kgce) if value is not None else None,
        output=value.output if value is not None else None,
        output_unit=model.ratio.output,
        verdict=judged.verdict.value if judged is not None else "unknown",
        certainty=judged.certainty.value if judged is not None and judged.certainty is not None else None,
        verdict_reason=str(judged.reason) if judged is not None and judged.reason is not None else None,
        limit=judged.limit if judged is not None else None,
        level=judged.level if judged is not None else None,
        level1=levels[0],
        level2=levels[1],
        level3=levels[2],
        edition=row.edition.edition if row is not None else None,
        clause=row.clause if row is not None else None,
        review=row.review if row is not None else None,
        provisional=not scope.whole,
        before=before.value.value if before.value is not None else None,
        year_ago=year_ago.value.value if year_ago.value is not None else None,
        to_before=_change(now, before, exists=scope.before is not None),
        to_year_ago=_change(now, year_ago, exists=scope.year_ago is not None),
    )


async def _value(connection: asyncpg.Connection, model: EnpiModel, scope: Scope, window: Window | None) -> _Found:
    """The EnPI over one span; what lies after its end does not count."""
    if window is None or window[0] >= window[1]:
        return _Found(None, NOT_YET)
    start, end = window
    if _before_all(model, end):
        return _Found(None, NOT_YET)
    try:
        values = await performance.values_of(connection, model, start, end, scope.cut.value, now=end, by_days=True)
    except ConflictError:
        return _Found(None, FINER)
    found = next((value for value in values if value.start == start), None)
    return _Found(found, None if found is not None else NOT_YET)


def _before_all(model: EnpiModel, end: datetime) -> bool:
    """Whether a span ended before anything of the EnPI was read: a young plant has no year ago."""
    firsts = [leaf.point.first_ts for leaf in model.leaves(model.current)]
    return all(first is None or first >= end for first in firsts)


def _text(value: EnpiValue | None) -> str | None:
    return str(value.reason) if value is not None and value.reason is not None else None


def _tce(kgce: float | None) -> float | None:
    return None if kgce is None else kgce / 1000


def _change(now: _Found, then: _Found, *, exists: bool) -> Change:
    return change(_as_used(now), _as_used(then), exists=exists)


def _as_used(found: _Found) -> Used:
    value = found.value
    if value is None:
        return Used(None, None, None, 0.0, 0.0, 0.0, provisional=False, reason=found.why)
    return Used(
        value.value, None, None, value.completeness, value.completeness, value.estimated_share,
        provisional=value.provisional, reason=_text(value),
    )  # fmt: skip
