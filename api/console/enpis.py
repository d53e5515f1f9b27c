"""An enterprise's EnPIs against their limits, as its page shows them: yesterday whole, today so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from api.console.days import day_start
from api.deps import Context
from db import views
from db.enpi_model import enpi_models
from db.performance import Asked, values_of_many
from db.plants import EnterpriseRow
from enms.enpi_verdict import LimitVerdict, Verdict
from enms.errors import ConflictError
from enms.performance import EnpiValue

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled place on a bar, in per cent of its width."""

    at: float
    text: str
    binding: bool


@dataclass(frozen=True, slots=True)
class EnpiView:
    """One EnPI.

    Attributes:
        last: the last whole day; None: there is none, or it cannot be cut into days.
        now: today so far, provisional.
        bar: from zero to the last whole day's value, in per cent of the bar's width; None: nothing to compare with.
        low, high: its range.
        marks: the limit's levels on the bar.
        why: why there is no value.
        item: of the standard it is held against, if any.
    """

    id: int
    code: str
    name: str
    process: str | None
    unit: str
    last: EnpiValue | None
    now: EnpiValue | None
    bar: tuple[float, float] | None
    low: float
    high: float
    marks: tuple[Mark, ...]
    why: str
    item: str | None

    @property
    def judged(self) -> LimitVerdict | None:
        """The verdict of the last whole day."""
        return self.last.limit if self.last else None

    @property
    def over(self) -> bool:
        """Whether the last whole day was over its limit."""
        return self.judged is not None and self.judged.verdict is Verdict.OVER


async def enpi_views(context: Context, owner: EnterpriseRow, language: str) -> list[EnpiView]:
    """The EnPIs of an enterprise in the order of their codes, those over their limit first.

    Kept until the ledger publishes.
    """
    return await context.kept.get(f"enpis {language}", owner.e, lambda: _enpi_views(context, owner, language))


async def _enpi_views(context: Context, owner: EnterpriseRow, language: str) -> list[EnpiView]:
    now = context.clock()
    start = day_start(owner, now)
    numbers = {code: number for number, code in await views.enpis(context.pool, owner.e)}
    found = []
    async with context.pool.acquire() as connection:
        models = [model for model in await enpi_models(connection, owner) if not model.current.retired]
        asked = [Asked(model, start - _DAY, now, "day", now) for model in models]
        answers = await values_of_many(connection, asked)
    for model, answer in zip(models, answers, strict=True):
        enpi = model.current.enpi
        values: list[EnpiValue] = [] if isinstance(answer, ConflictError) else answer
        why = str(answer) if isinstance(answer, ConflictError) else ""
        last = next((v for v in values[::-1] if not v.provisional), None)
        view = _view(
            numbers[model.code], model.code, enpi.name.in_language(language) if enpi.name else model.code,
            enpi.process, model.ratio.symbol, last, next((v for v in values if v.provisional), None), why,
            enpi.limit.item if enpi.limit else None,
        )  # fmt: skip
        found.append(view)
    return sorted(found, key=lambda view: not view.over)


def _view(
    number: int, code: str, name: str, process: str | None, unit: str, last: EnpiValue | None, now: EnpiValue | None,
    why: str, item: str | None,
) -> EnpiView:  # fmt: skip
    judged = last.limit if last else None
    levels = (judged.levels if judged else None) or (None, None, None)
    value = last.value if last else None
    known = [v for v in (value, last.high if last else None, *levels) if v is not None]
    # Converters are judged by negative limits: the bar reaches from the least to the greatest, and over zero.
    bottom, top = min([0.0, *known]) * 1.1, max([0.0, *known]) * 1.1
    width = top - bottom

    def at(v: float) -> float:
        return round((v - bottom) / width * 100, 2) if width else 0.0

    marks = tuple(
        Mark(at(level), str(n), judged is not None and judged.level == n)
        for n, level in enumerate(levels, 1)
        if level is not None
    )
    if not why:
        why = str(last.reason) if last and last.reason else "" if last else "no whole day yet"
    low, high = (at(last.low), at(last.high)) if last and last.low is not None and last.high is not None else (0.0, 0.0)
    bar = None if value is None or not marks else (min(at(0.0), at(value)), abs(at(value) - at(0.0)))
    return EnpiView(number, code, name, process, unit, last, now, bar, low, high, marks, why, item)
