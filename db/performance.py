"""EnPIs from the ledger: values over the enterprise's own spans, held against the limit that binds the line.

A span is judged by the boundary that held at the time; where the boundary changed within it, its parts are. Nothing
that is not closed counts: a span that is not over is provisional.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import asyncpg

from db.conversions import Conversion, conversions
from db.energy import EnergyTotal, Period, energy_totals
from db.enpi_model import EnpiModel, EnpiVersion, Leaf, enpi_models, enterprise_by_number
from db.enpi_spans import RESOLUTIONS, Window, enpi_step, ready_until, windows_of
from db.instants import BEGINNING, END
from db.motor_states import MotorState, motor_states
from db.statements import statements
from enms.carriers import TceBasis
from enms.catalogue import BindingLimit, limit_for
from enms.corrections import corrected
from enms.enpi_inputs import ConversionUsed, Input, Part
from enms.enpi_judging import MIN_COMPLETENESS, judge
from enms.enpi_reasons import Reason, Why
from enms.enpi_verdict import LimitVerdict, no_verdict
from enms.errors import ConflictError, NotFoundError
from enms.performance import EnpiValue, enpi_value
from enms.units import convert

__all__ = ["RESOLUTIONS", "MotorState", "enpi_step", "enpi_values", "motor_states", "values_of"]

_TICK = timedelta(microseconds=1)
# A correction's input (an ore share, say) is a mean; from less than half of the span it is not one.
_MIN_CORRECTION = 0.5


async def enpi_values(
    connection: asyncpg.Connection,
    e: int,
    enpi_code: str,
    from_: datetime,
    to: datetime,
    resolution: str,
    *,
    as_of: datetime | None = None,
    now: datetime,
) -> list[EnpiValue]:
    """An EnPI over every span of a resolution that overlaps [from_, to), in order of time.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        enpi_code: the EnPI.
        from_, to: of rolling24h: the instants up to which 24 hours are looked at.
        resolution: one of `RESOLUTIONS`.
        as_of: what was known then; None: what is known now.
        now: nothing later counts.

    Raises:
        NotFoundError: no such EnPI.
        ConflictError: the resolution is unknown, or finer than the EnPI's coarsest input.
    """
    enterprise = await enterprise_by_number(connection, e)
    found = await enpi_models(connection, enterprise, enpi_code)
    if not found:
        raise NotFoundError(f"no EnPI {enpi_code!r}")
    return await values_of(connection, found[0], from_, to, resolution, as_of=as_of, now=now)


async def values_of(
    connection: asyncpg.Connection,
    model: EnpiModel,
    from_: datetime,
    to: datetime,
    resolution: str,
    *,
    as_of: datetime | None = None,
    now: datetime,
    min_completeness: float = MIN_COMPLETENESS,
    by_days: bool = False,
) -> list[EnpiValue]:
    """`enpi_values` of a model that is at hand.

    Below `min_completeness` the limit's verdict is unknown. Completeness is of the whole span, also where the plant
    was connected within it: a day of three hours is no day. `by_days`: long spans from day totals, the same to
    rounding; for pages and reports, never for a verdict that is kept.
    """
    windows = _windows(model, from_, to, resolution, now, as_of)
    book = await _book(connection, [(model, windows)], as_of, by_days=by_days)
    return [_judged(model, _value(model, w, book), w, book.states, min_completeness) for w in windows]


@dataclass(frozen=True, slots=True)
class Asked:
    """One of many: an EnPI over the spans of a resolution that overlap [from_, to), with the clock at `now`."""

    model: EnpiModel
    from_: datetime
    to: datetime
    resolution: str
    now: datetime


async def values_of_many(
    connection: asyncpg.Connection, asked: Sequence[Asked], *, by_days: bool = False
) -> list[list[EnpiValue] | ConflictError]:
    """`values_of` for many at once, all of one enterprise, in a few statements; the same figures.

    One whose resolution is finer than its coarsest input gets the error instead of values.
    """
    planned: list[list[Window] | ConflictError] = []
    for one in asked:
        try:
            planned.append(_windows(one.model, one.from_, one.to, one.resolution, one.now, None))
        except ConflictError as problem:
            planned.append(problem)
    pairs = [(one.model, windows) for one, windows in zip(asked, planned, strict=True) if isinstance(windows, list)]
    book = await _book(connection, pairs, None, by_days=by_days)
    return [
        windows
        if isinstance(windows, ConflictError)
        else [_judged(one.model, _value(one.model, w, book), w, book.states, MIN_COMPLETENESS) for w in windows]
        for one, windows in zip(asked, planned, strict=True)
    ]


def _windows(
    model: EnpiModel, from_: datetime, to: datetime, resolution: str, now: datetime, as_of: datetime | None
) -> list[Window]:
    enpi_step(model, resolution)
    ready = ready_until(model, now, as_of)
    return [] if ready is None else windows_of(model, from_, to, resolution, ready)


@dataclass(frozen=True, slots=True)
class _Book:
    """What the values asked for are made of.

    Attributes:
        totals: by basis, point and piece.
        conversions: by basis and point.
        states: of every correction's input: (amount x seconds, seconds) by point and piece.
    """

    totals: dict[tuple[TceBasis, int, Period], EnergyTotal] = field(default_factory=dict)
    conversions: dict[tuple[TceBasis, int], list[Conversion]] = field(default_factory=dict)
    states: dict[tuple[int, Period], tuple[float, float]] = field(default_factory=dict)


async def _book(
    connection: asyncpg.Connection,
    asked: Sequence[tuple[EnpiModel, Sequence[Window]]],
    as_of: datetime | None,
    *,
    by_days: bool,
) -> _Book:
    """Amounts of every point of every boundary over its pieces; pieces that many EnPIs share are summed together."""
    book = _Book()
    energy: dict[TceBasis, dict[Period, set[int]]] = {}
    states: dict[Period, set[int]] = {}
    for model, windows in asked:
        leaves = {v.valid_from: {leaf.point.p for leaf in model.leaves(v)} for v in model.versions}
        named = {code for v in model.versions for code in v.enpi.corrections.values()}
        given = {model.points[code].p for code in named if code in model.points}
        for period, version in (piece for window in windows for piece in window.pieces):
            energy.setdefault(version.enpi.basis, {}).setdefault(period, set()).update(leaves[version.valid_from])
            if given:
                states.setdefault(period, set()).update(given)
    for basis, wanted in energy.items():
        model = asked[0][0]
        zone, cuts = model.enterprise.timezone, model.cuts if by_days else None
        for points, periods in _alike(wanted):
            found = await energy_totals(
                connection, model.enterprise.e, points, periods, basis=basis, zone=zone, as_of=as_of, cuts=cuts
            )
            book.totals.update({(basis, total.p, total.period): total for total in found})
        every = sorted({p for points in wanted.values() for p in points})
        for conversion in await conversions(connection, model.enterprise.e, every, basis, zone):
            book.conversions.setdefault((basis, conversion.p), []).append(conversion)
    for points, periods in _alike(states):
        book.states.update(await _states(connection, asked[0][0].enterprise.e, points, periods, as_of))
    return book


def _alike(wanted: Mapping[Period, set[int]]) -> list[tuple[list[int], list[Period]]]:
    """Periods with the points asked for over them, those with the same points together, in order of time."""
    found: dict[frozenset[int], list[Period]] = {}
    for period in sorted(wanted, key=lambda p: (p.start, p.end)):
        found.setdefault(frozenset(wanted[period]), []).append(period)
    return [(sorted(points), periods) for points, periods in found.items()]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A period with what holds throughout it.

    Attributes:
        basis: of standard coal.
        heat_from: from when on the boundary tells heat supplied and all heat; END: it names none.
    """

    period: Period
    basis: TceBasis
    heat_from: datetime


def _value(model: EnpiModel, window: Window, book: _Book) -> EnpiValue:
    periods: dict[datetime, list[_Piece]] = {}
    boundary = {version.valid_from: version for _, version in window.pieces}
    leaves = {since: model.leaves(version) for since, version in boundary.items()}
    heat = {since: _heat_from(below) for since, below in leaves.items()}
    for period, version in window.pieces:
        piece = _Piece(period, version.enpi.basis, heat[version.valid_from])
        periods.setdefault(version.valid_from, []).append(piece)
    parts: dict[tuple[Part, int, int], tuple[Leaf, list[_Piece]]] = {}
    for since, below in leaves.items():
        for leaf in below:
            parts.setdefault((leaf.part, leaf.sign, leaf.point.p), (leaf, []))[1].extend(periods[since])
    found = [_input(model, leaf, own, book) for leaf, own in parts.values()]
    inputs = [one for one in found if one.window_s > 0]
    return enpi_value(window.start, window.end, inputs, model.ratio, provisional=window.provisional)


def _heat_from(leaves: Sequence[Leaf]) -> datetime:
    """Since when a boundary has both whose quotient is the share of heat."""
    begins = [
        min((leaf.point.in_service_from or BEGINNING for leaf in leaves if leaf.part is part), default=END)
        for part in (Part.HEAT, Part.TOTAL_HEAT)
    ]
    return max(begins)


@dataclass(slots=True)
class _Sum:
    """A point's pieces added up, in order of time."""

    amount: float = 0.0
    kgce: float = 0.0
    amounts: int = 0
    kgces: int = 0
    covered_s: float = 0.0
    unconverted_s: float = 0.0
    estimated_s: float = 0.0
    apportioned_s: float = 0.0

    def add(self, total: EnergyTotal) -> None:
        if total.amount is not None:
            self.amount += total.amount
            self.amounts += 1
            self.covered_s += total.covered_s
        if total.kgce is not None:
            self.kgce += total.kgce
            self.kgces += 1
        self.unconverted_s += total.unconverted_s
        self.estimated_s += total.estimated_s
        self.apportioned_s += total.apportioned_s


def _input(model: EnpiModel, leaf: Leaf, pieces: Sequence[_Piece], book: _Book) -> Input:
    """A point's part over the periods in which its boundary held."""
    point, found = leaf.point, _Sum()
    periods = [piece.period for piece in pieces]
    for piece in pieces:
        if (total := book.totals.get((piece.basis, point.p, piece.period))) is not None:
            found.add(total)
    start, end, basis = periods[0].start, periods[-1].end, pieces[-1].basis
    since = point.in_service_from or BEGINNING
    window_s = _seconds((period, since) for period in periods)
    told_s = _seconds((piece.period, max(since, piece.heat_from)) for piece in pieces)
    amount = found.amount if found.amounts else None
    kgce = used = problem = None
    covered = found.covered_s
    if leaf.part is Part.ENERGY:
        kgce = found.kgce if found.kgces else None
        covered -= found.unconverted_s
        used = _conversion(point.ncv, book.conversions.get((basis, point.p), ()), start, end)
        if amount is not None and found.unconverted_s > 0:
            problem = Why.NCV_MISSING if used is not None and used.by == "heating_value" else Why.NO_FACTOR
        elif used is not None and kgce is not None and amount:
            used = replace(used, kgce_per_amount=kgce / amount)
    return Input(
        point=point.code,
        part=leaf.part,
        sign=leaf.sign,
        amount=amount,
        unit=point.amount_unit,
        kgce=kgce,
        window_s=window_s,
        covered_s=min(covered, window_s),
        estimated_s=found.estimated_s,
        apportioned_s=found.apportioned_s,
        conversion=used,
        problem=problem,
        meter=model.meter(point, start, end),
        heat_told_s=told_s if leaf.part is Part.ENERGY and told_s < window_s else None,
    )


def _seconds(periods: Iterable[tuple[Period, datetime]]) -> float:
    """How long periods are together, each from an instant on."""
    return sum(max(0.0, (period.end - max(period.start, since)).total_seconds()) for period, since in periods)


def _conversion(ncv: str | None, rules: Sequence[Conversion], start: datetime, end: datetime) -> ConversionUsed | None:
    """The conversion that held last within a span."""
    held = [c for c in rules if c.valid_from < end and c.valid_to > start]
    if not held:
        return None
    last = held[-1]
    if last.ncv_p is not None:
        return ConversionUsed("heating_value", None, ncv=ncv)
    if last.factor is None:
        return None
    factor = last.factor
    by = "site_factor" if factor.edition == "site factor" else "table"
    return ConversionUsed(
        by, last.kgce_per_amount, None, factor.edition, factor.source, factor.confidence, factor.review
    )


_States = Mapping[tuple[int, Period], tuple[float, float]]


async def _states(
    connection: asyncpg.Connection, e: int, points: Sequence[int], periods: Sequence[Period], as_of: datetime | None
) -> dict[tuple[int, Period], tuple[float, float]]:
    """Means of states as (amount x seconds, seconds), by point and period."""
    rows = statements("performance").state_means(
        connection,
        e=e,
        points=list(points),
        starts=[p.start for p in periods],
        ends=[p.end for p in periods],
        as_of=as_of,
    )
    return {(row["p"], periods[row["n"] - 1]): (row["weighed"], row["covered_s"]) async for row in rows}


def _judged(model: EnpiModel, value: EnpiValue, window: Window, states: _States, min_completeness: float) -> EnpiValue:
    version = window.pieces[-1][1]
    reference = version.enpi.limit
    if reference is None:
        return value
    found = _binding(model, window, reference.standard, reference.item)
    if isinstance(found, LimitVerdict):
        return replace(value, limit=found)
    given = _given(model, version, window, states, found)
    named = {*version.enpi.corrections, *(entry.input for entry in model.declared)}
    limit = corrected(found, given, named)
    return replace(value, limit=judge(value, version.enpi.basis, limit, min_completeness))


def _binding(model: EnpiModel, window: Window, standard: str, item: str) -> BindingLimit | LimitVerdict:
    """The limit in force over the whole window, or why there is none."""
    # dates of the enterprise's days: where they begin at 8:00, 30 June ends on 1 July and is still the old edition's
    days = model.cuts.day_of(window.start), model.cuts.day_of(window.end - _TICK)
    try:
        first, last = (limit_for(standard, item, on=day, commissioned=model.commissioned) for day in days)
    except NotFoundError:
        return no_verdict(Reason(Why.NO_EDITION, (standard, item)))
    if first is None and last is None:
        return no_verdict(Reason(Why.NO_EDITION, (standard,)))
    if first is None or last is None or first.row.edition != last.row.edition:
        return no_verdict(Reason(Why.STRADDLES, (standard,)))
    return last


def _given(
    model: EnpiModel, version: EnpiVersion, window: Window, states: _States, limit: BindingLimit
) -> dict[str, float | None]:
    """Means of the corrections' inputs over the window, in the corrections' units."""
    units = {c.input: c.unit for c in limit.row.corrections}
    seconds = sum((p.end - p.start).total_seconds() for p, _ in window.pieces)
    given: dict[str, float | None] = {}
    for name, code in version.enpi.corrections.items():
        point = model.points.get(code)
        keys = [] if point is None else [(point.p, period) for period, _ in window.pieces]
        parts = [states[key] for key in keys if key in states]
        covered = sum(s for _, s in parts)
        if point is None or name not in units or covered < _MIN_CORRECTION * seconds:
            given[name] = None
            continue
        given[name] = convert(sum(w for w, _ in parts) / covered, point.amount_unit, units[name])
    for name in units.keys() - given.keys():
        given[name] = _declared(model, window, name)
    return given


def _declared(model: EnpiModel, window: Window, name: str) -> float | None:
    """The mean of what was declared of an input over a window; None where that leaves any of it out."""
    weighed = covered = 0.0
    for entry in model.declared:
        if entry.input != name:
            continue
        begins = model.cuts.day_begins(entry.since)
        ends = window.end if entry.until is None else model.cuts.day_begins(entry.until + timedelta(days=1))
        for period, _ in window.pieces:
            seconds = max(0.0, (min(period.end, ends) - max(period.start, begins)).total_seconds())
            weighed += entry.value * seconds
            covered += seconds
    whole = sum((p.end - p.start).total_seconds() for p, _ in window.pieces)
    return weighed / covered if covered > 0 and covered >= whole else None
