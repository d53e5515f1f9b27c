"""EnPIs of a report's span, and of the spans it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.enpi_model import EnpiModel, enpi_models
from db.performance import Asked, values_of_many
from db.plants import EnterpriseRow
from enms.cuts import Window
from enms.errors import ConflictError
from enms.performance import EnpiValue
from enms.report import Change, EnpiLine, Used, change
from enms.report_spans import Scope

FINER = "finer_than_an_input"
NOT_YET = "nothing_closed"


async def enpi_lines(
    connection: asyncpg.Connection, enterprise: EnterpriseRow, scopes: Sequence[Scope]
) -> list[tuple[EnpiLine, ...]]:
    """Every EnPI in use over each scope, by code. One that cannot be cut that fine says so."""
    models = [model for model in await enpi_models(connection, enterprise) if not model.current.retired]
    keys = [
        (n, k, scope.cut.value, window)
        for n, model in enumerate(models)
        for k, scope in enumerate(scopes)
        for window in ((scope.start, scope.until), scope.before, scope.year_ago)
        if window is not None and window[0] < window[1] and not _before_all(model, window[1])
    ]
    asked = [Asked(models[n], start, end, cut, end) for n, _, cut, (start, end) in keys]
    values = await values_of_many(connection, asked, by_days=True)
    found = {(n, k, window): _found(one, window) for (n, k, _, window), one in zip(keys, values, strict=True)}

    def at(n: int, k: int, window: Window | None) -> _Found:
        return _Found(None, NOT_YET) if window is None else found.get((n, k, window), _Found(None, NOT_YET))

    return [
        tuple(
            _line(
                model,
                scope,
                at(n, k, (scope.start, scope.until)),
                at(n, k, scope.before),
                at(n, k, scope.year_ago),
            )
            for n, model in enumerate(models)
        )
        for k, scope in enumerate(scopes)
    ]


@dataclass(frozen=True, slots=True)
class _Found:
    value: EnpiValue | None
    why: str | None


def _line(model: EnpiModel, scope: Scope, now: _Found, before: _Found, year_ago: _Found) -> EnpiLine:
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


def _found(values: list[EnpiValue] | ConflictError, window: Window) -> _Found:
    """The value over one span; what lies after its end does not count."""
    if isinstance(values, ConflictError):
        return _Found(None, FINER)
    found = next((value for value in values if value.start == window[0]), None)
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
