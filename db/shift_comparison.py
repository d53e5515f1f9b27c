"""The shifts of a span side by side, for every EnPI that can be judged by the shift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from db import views
from db.crews import crew_book
from db.enpi_model import EnpiModel, enpi_models
from db.enpi_spans import enpi_step
from db.performance import Asked, values_of_many
from db.plants import EnterpriseRow
from db.statements import statements
from enms.crews import CrewBook
from enms.cuts import Cut
from enms.enpi_inputs import Part
from enms.errors import ConflictError
from enms.names import Name
from enms.performance import EnpiValue
from enms.quarters import QUARTER
from enms.shift_comparison import ShiftComparison, compared
from enms.shift_sums import crew_summaries, summaries
from enms.shift_values import ShiftInput, ShiftValue

_BACK = timedelta(days=7)
_DAY = timedelta(days=1)
_FINE_S = 3_600.0


@dataclass(frozen=True, slots=True)
class ShiftBook:
    """What says of a span which shift it is, who worked it, and what its inputs carry.

    Attributes:
        codes: of the shifts by begin and end since midnight, in the order of the day.
        carriers: by point.
    """

    codes: Mapping[tuple[timedelta, timedelta], str]
    carriers: Mapping[str, str | None]
    crews: CrewBook

    def shift(self, value: EnpiValue, model: EnpiModel) -> ShiftValue:
        """A shift's value with its inputs in standard coal, gaps filled as in the value."""
        code = self._code(value, model)
        return ShiftValue(
            shift=code,
            start=value.start,
            end=value.end,
            value=value.value,
            low=None if value.unclassed else value.low,
            high=None if value.unclassed else value.high,
            completeness=value.completeness,
            state=value.state.value,
            reason=str(value.reason) if value.reason is not None else None,
            energy_tce=None if value.whole_energy_kgce is None else value.whole_energy_kgce / 1000,
            output=value.whole_output,
            per_kgce=model.ratio.per_kgce,
            inputs=_inputs(value, self.carriers),
            crew=self.crews.duty(model.cuts.local_day(value.start), code).crew,
            energy_half_tce=value.energy_half_kgce / 1000,
            output_half=value.output_half,
            unclassed=value.unclassed,
        )

    def _code(self, value: EnpiValue, model: EnpiModel) -> str:
        """The shift's code, by its wall times."""
        begins, ends = (t.astimezone(model.cuts.zone) for t in (value.start, value.end))
        clock = tuple(timedelta(hours=t.hour, minutes=t.minute) for t in (begins, ends))
        for (starts, until), code in self.codes.items():
            if (starts, until % timedelta(days=1)) == clock:
                return code
        return f"{begins:%H:%M}"


async def shift_book(
    connection: asyncpg.Connection, enterprise: EnterpriseRow, start: datetime, end: datetime, now: datetime
) -> ShiftBook:
    """Of the shifts that begin within [start, end); carriers as they are at `now`."""
    codes = {(row.starts, row.ends): row.code for row in await views.shifts(connection, enterprise.e)}
    carriers = {row.code: row.carrier for row in await views.points(connection, enterprise.e, now)}
    first, last = (t.astimezone(ZoneInfo(enterprise.timezone)).date() for t in (start, end))
    return ShiftBook(codes, carriers, await crew_book(connection, enterprise.e, first - _DAY, last + _DAY))


async def compare_shifts(
    connection: asyncpg.Connection,
    enterprise: EnterpriseRow,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    enpi: str | None = None,
    singly: bool = True,
    idle: bool = False,
) -> tuple[ShiftComparison, ...]:
    """Every EnPI judged by the shift: the shifts that began within [start, end), against the week before it.

    Args:
        connection: idle or in a transaction.
        enterprise: whose.
        start, end: the shifts shown.
        now: the clock.
        enpi: only this one.
        singly: also each by itself, for which the week before is read; without, only what is added up.
        idle: also how long there was no output, of each.
    """
    if start >= end:
        return ()
    first = start - _BACK if singly else start
    book = await shift_book(connection, enterprise, first, end, now)
    if not book.codes:
        return ()
    found = []
    every = await enpi_models(connection, enterprise, enpi)
    models = [model for model in every if not model.current.retired and _by_shift(model)]
    asked = [Asked(model, first, end, Cut.SHIFT.value, now) for model in models]
    for model, values in zip(models, await values_of_many(connection, asked), strict=True):
        assert not isinstance(values, ConflictError), "those that are finer were left out"
        done = [value for value in values if not value.provisional]
        shown = [value for value in done if start <= value.start < end]
        still = await _idle_hours(connection, model, shown) if singly and idle else {}
        shifts = [replace(book.shift(value, model), idle_h=still.get(value.start)) for value in shown]
        if shifts:
            name = model.current.enpi.name
            by_crew, all_crews = crew_summaries(shifts)
            earlier = [book.shift(value, model) for value in done if value.start < start]
            found.append(
                ShiftComparison(
                    enpi=model.code,
                    name_zh=name.zh if name is not None else model.code,
                    name_en=name.en if name is not None else model.code,
                    process=model.current.enpi.process,
                    unit=model.ratio.symbol,
                    output_unit=model.ratio.output,
                    runs=compared(shifts, earlier) if singly else (),
                    by_shift=summaries(shifts),
                    by_crew=by_crew,
                    all_crews=all_crews,
                    per_kgce=model.ratio.per_kgce,
                )
            )
    return tuple(found)


async def _idle_hours(
    connection: asyncpg.Connection, model: EnpiModel, values: Sequence[EnpiValue]
) -> dict[datetime, float]:
    """Hours without output by the shift's start; shifts of which that is not known throughout are left out."""
    outputs = [leaf for leaf in model.leaves(model.current) if leaf.part is Part.OUTPUT]
    # Tonnes weighed once a shift are spread evenly: they say nothing of standing still.
    if not outputs or not values or any(leaf.sign < 0 or leaf.point.period_s > _FINE_S for leaf in outputs):
        return {}
    rows = statements("performance").idle_quarters(
        connection,
        e=model.enterprise.e,
        points=[leaf.point.p for leaf in outputs],
        starts=[value.start for value in values],
        ends=[value.end for value in values],
    )
    known = {row["n"] - 1: row async for row in rows}
    return {
        value.start: known[n]["idle"] / 4
        for n, value in enumerate(values)
        if n in known and known[n]["known"] * QUARTER >= value.end - value.start
    }


async def shift_enpis(connection: asyncpg.Connection, enterprise: EnterpriseRow) -> list[tuple[str, Name | None]]:
    """Code and name of every EnPI that can be judged by the shift."""
    models = await enpi_models(connection, enterprise)
    return [(m.code, m.current.enpi.name) for m in models if not m.current.retired and _by_shift(m)]


def _by_shift(model: EnpiModel) -> bool:
    try:
        enpi_step(model, Cut.SHIFT.value)
    except ConflictError:
        return False
    return True


def _inputs(value: EnpiValue, carriers: Mapping[str, str | None]) -> Sequence[ShiftInput]:
    # A generating unit is never judged finer than a day; shifts may be as long, and the heat supplied is no power's.
    power = 1 - (value.alpha or 0.0)
    return tuple(
        ShiftInput(
            one.point,
            carriers.get(one.point),
            one.sign * one.filled(one.kgce) * power if one.known and one.kgce is not None else None,
        )
        for one in value.inputs
        if one.part is Part.ENERGY
    )
