"""What an enterprise consumed: by carrier, process or point, in own units, standard coal and carbon dioxide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import asyncpg

from db.carbon import site_carbon
from db.energy import EnergyTotal, Period, energy_totals
from db.plants import EnterpriseRow
from db.statements import statements
from enms.balance import Balance, BalancePoint, BalanceTerm, Method, enterprise_balances, process_balances
from enms.carbon import CarbonFactor, carbon_spans
from enms.carriers import TceBasis
from enms.cuts import Cuts
from enms.metering import INTERVAL_S, Role
from enms.report import COMPARABLE
from enms.site_factors import SiteCarbon
from enms.units import convert

By = Literal["carrier", "process", "point"]
TotalsBook = dict[tuple[int, Period], EnergyTotal]
_QUARTER = timedelta(seconds=INTERVAL_S)


@dataclass(frozen=True, slots=True)
class Consumption:
    """One line of an enterprise's consumption over one period.

    Attributes:
        process, point: None where the line is not about one.
        amount: in `unit`; None: missing.
        kgce, tco2: None: missing, or nobody knows the factor, or heating values are missing for more than a tenth of
            the amount (`reason`).
        at_least: heating values are missing for a little of it: kgce (and tco2 of a fuel) are those of the rest.
        in_total: whether kgce is part of the enterprise's total.
        completeness, kgce_completeness: the worst of the points behind it; None before service.
        estimated_share: of the covered time.
        served_share: of the period in which all points were in service and closed; stocks count as served.
        provisional: whether part of it stands on a heating value that is older than the amount.
        carbon: the factors that tco2 was counted with, in order of time.
    """

    process: str | None
    carrier: str | None
    point: str | None
    period: Period
    amount: float | None
    unit: str
    kgce: float | None
    tco2: float | None
    in_total: bool
    completeness: float | None
    kgce_completeness: float | None
    estimated_share: float
    served_share: float
    provisional: bool
    at_least: bool
    reason: str | None
    carbon: tuple[CarbonFactor, ...] = ()


@dataclass(frozen=True, slots=True)
class _Member:
    point: BalancePoint
    unit: str


async def consumption(
    connection: asyncpg.Connection,
    enterprise: EnterpriseRow,
    by: By,
    periods: Sequence[Period],
    *,
    basis: TceBasis = TceBasis.CALORIFIC,
    as_of: datetime | None = None,
    cuts: Cuts | None = None,
    book: TotalsBook | None = None,
    only: frozenset[str] | None = None,
) -> list[Consumption]:
    """Lines in order of the plant file, then of time.

    Args:
        connection: idle or in a transaction.
        enterprise: whose.
        by: enterprise balance by carrier, net by process and carrier, or every point by itself.
        periods: spans on quarter hours.
        basis: 当量 or 等价.
        as_of: what was known then.
        cuts: as of `energy_totals`: long periods from day totals.
        only: of `point`: these points' lines.
        book: totals that are at hand; of the same enterprise, basis and instant. Whatever is asked for is added.
    """
    rows = [row async for row in statements("consumption").balance_points(connection, e=enterprise.e)]
    members = {
        row["p"]: _Member(
            BalancePoint(row["p"], row["code"], row["process"], row["carrier"], Role(row["role"]), row["parent"]),
            row["amount_unit"],
        )
        for row in rows
    }
    points = [member.point for member in members.values()]
    balances = _balances(by, points if only is None else [p for p in points if p.code in only])
    asked = _Asked(connection, enterprise, basis, as_of, cuts, {} if book is None else book)
    totals = await _totals(asked, balances, periods)
    cut = _cut(enterprise, balances, periods, await site_carbon(connection, enterprise.e))
    # where another factor begins within a period, what is before it and after it is counted by itself
    for carrier in {carrier for (carrier, _), pieces in cut.items() if len(pieces) > 1}:
        of = [balance for balance in balances if balance.carrier == carrier]
        parts = {part for period in periods for part, _ in cut[carrier, period]}
        totals |= await _totals(asked, of, sorted(parts - set(periods), key=lambda part: (part.start, part.end)))
    return [
        _line(balance, by, period, cut[balance.carrier, period], totals, members)
        for balance in balances
        for period in periods
    ]


_Totals = dict[tuple[int, Period], EnergyTotal]
_Pieces = Sequence[tuple[Period, CarbonFactor | None]]


async def _totals(asked: _Asked, balances: Sequence[Balance], periods: Sequence[Period]) -> _Totals:
    """What the balances' points and stocks come to."""
    wanted = sorted({t.point.p for b in balances for t in b.terms if t.point.role is not Role.STOCK})
    totals = {(t.p, t.period): t for t in await energy_totals_for(asked, wanted, periods)}
    return totals | await _stock_increases(asked, balances, periods)


def _cut(
    enterprise: EnterpriseRow, balances: Sequence[Balance], periods: Sequence[Period], site: Sequence[SiteCarbon]
) -> dict[tuple[str, Period], _Pieces]:
    """Each carrier's periods, cut where another carbon factor begins to hold."""
    if not periods:
        return {}
    days = enterprise.calendar
    first, last = min(p.start for p in periods), max(p.end for p in periods)
    found: dict[tuple[str, Period], _Pieces] = {}
    for carrier in {balance.carrier for balance in balances}:
        spans = carbon_spans(carrier, days.day_of(first), days.day_of(last), site)
        held = [(first, spans[0][1]), *((days.day_begins(day), factor) for day, factor in spans[1:])]
        ends = [*(start for start, _ in held[1:]), last]
        for period in periods:
            found[carrier, period] = [
                (Period(max(start, period.start), min(end, period.end)), factor)
                for (start, factor), end in zip(held, ends, strict=True)
                if start < period.end and end > period.start
            ] or [(period, held[0][1])]
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    connection: asyncpg.Connection
    enterprise: EnterpriseRow
    basis: TceBasis
    as_of: datetime | None
    cuts: Cuts | None
    book: TotalsBook


async def energy_totals_for(asked: _Asked, points: Sequence[int], periods: Sequence[Period]) -> list[EnergyTotal]:
    """`energy_totals` with what was asked, but for what is at hand."""
    book = asked.book
    wanted = [p for p in points if any((p, period) not in book for period in periods)]
    found = await energy_totals(
        asked.connection,
        asked.enterprise.e,
        wanted,
        periods,
        basis=asked.basis,
        zone=asked.enterprise.timezone,
        as_of=asked.as_of,
        provisional=asked.as_of is None,
        cuts=asked.cuts,
    )
    book.update({(total.p, total.period): total for total in found})
    return [book[p, period] for p in points for period in periods if (p, period) in book]


def _balances(by: By, points: Sequence[BalancePoint]) -> list[Balance]:
    if by == "carrier":
        return enterprise_balances(points)
    if by == "process":
        return process_balances(points)
    return [
        Balance(p.process, p.carrier, Method.CONSUMED, (BalanceTerm(p, 1),)) for p in points if p.role is not Role.STOCK
    ]


async def _stock_increases(
    asked: _Asked, balances: Iterable[Balance], periods: Sequence[Period]
) -> dict[tuple[int, Period], EnergyTotal]:
    """Stock laid in over a period: the level at its end less that at its start.

    Levels are the last ones known before the edges. The increase is converted at the rate of its end: a heap does not
    lose energy because another sample was analysed.
    """
    stocks = sorted({t.point.p for b in balances for t in b.terms if t.point.role is Role.STOCK})
    if not stocks:
        return {}
    edges = sorted({edge for period in periods for edge in (period.start, period.end)})
    sql = statements("energy")
    known = {
        (row["p"], row["edge"]): row["at"]
        async for row in sql.last_levels(asked.connection, e=asked.enterprise.e, points=stocks, edges=edges)
    }
    quarters = sorted({*known.values(), *edges})
    levels = {
        (t.p, t.period.end): t
        for t in await energy_totals_for(asked, stocks, [Period(end - _QUARTER, end) for end in quarters])
    }
    found = {}
    for p in stocks:
        for period in periods:
            before = levels[p, known.get((p, period.start), period.start)]
            after = levels[p, known.get((p, period.end), period.end)]
            found[p, period] = replace(
                after,
                period=period,
                amount=(increase := _difference(after.amount, before.amount)),
                kgce=_at_the_rate_of(after, increase),
                reason=after.reason or before.reason,
            )
    return found


def _at_the_rate_of(level: EnergyTotal, increase: float | None) -> float | None:
    if increase is None or level.amount is None or level.kgce is None:
        return None
    return increase * level.kgce / level.amount if level.amount else 0.0


def _difference(after: float | None, before: float | None) -> float | None:
    return after - before if after is not None and before is not None else None


def _line(
    balance: Balance,
    by: By,
    period: Period,
    pieces: _Pieces,
    totals: Mapping[tuple[int, Period], EnergyTotal],
    members: Mapping[int, _Member],
) -> Consumption:
    unit = members[balance.terms[0].point.p].unit
    parts = [(term.sign, totals[term.point.p, period]) for term in balance.terms]
    amount, kgce, worst = _sums(parts, unit)
    completeness = [t.completeness for _, t in parts if t.completeness is not None]
    kgce_completeness = [t.kgce_completeness for _, t in parts if t.kgce_completeness is not None]
    covered = sum(t.covered_s for _, t in parts)
    metered = [totals[term.point.p, period] for term in balance.terms if term.point.role is not Role.STOCK]
    length_s = (period.end - period.start).total_seconds()
    reasons = (f"{t.code}: {t.reason}" for _, t in parts if t.reason is not None)
    return Consumption(
        process=balance.process,
        carrier=balance.carrier,
        point=balance.terms[0].point.code if by == "point" else None,
        period=period,
        amount=amount,
        unit=unit,
        kgce=kgce,
        tco2=_carbon(balance, pieces, totals, unit),
        at_least=kgce is not None and worst < 1.0,
        in_total=balance.in_total if by == "carrier" else False,
        completeness=min(completeness, default=None),
        kgce_completeness=min(kgce_completeness, default=None),
        estimated_share=sum(t.estimated_s for _, t in parts) / covered if covered else 0.0,
        served_share=min((t.elapsed_s / length_s for t in metered), default=1.0) if length_s else 0.0,
        provisional=any(t.provisional_s > 0 for _, t in parts),
        reason=next(reasons, None),
        carbon=tuple(factor for _, factor in pieces if factor is not None),
    )


_Parts = Sequence[tuple[int, EnergyTotal]]


def _sums(parts: _Parts, unit: str) -> tuple[float | None, float | None, float]:
    """Amount, standard coal, and of the part that is worst off the share whose heating value is known."""
    amounts = [sign * convert(t.amount, t.unit, unit) for sign, t in parts if t.amount is not None]
    kgces = [sign * t.kgce for sign, t in parts if t.kgce is not None]
    worst = min((_converted(t) for _, t in parts), default=1.0)
    # One missing point makes the sum unknown: a partial sum would pass for the whole. And coal whose heating value is
    # not known for a third of the day is not two thirds of its standard coal.
    return (
        sum(amounts) if len(amounts) == len(parts) else None,
        sum(kgces) if len(kgces) == len(parts) and worst >= COMPARABLE else None,
        worst,
    )


def _carbon(
    balance: Balance, pieces: _Pieces, totals: Mapping[tuple[int, Period], EnergyTotal], unit: str
) -> float | None:
    """Carbon dioxide, each piece by its own factor; None where any of it is not known.

    A piece of which nothing is known is no more part of it than it is of the amount.
    """
    found = []
    for piece, factor in pieces:
        parts = [(term.sign, totals[term.point.p, piece]) for term in balance.terms]
        if len(pieces) > 1 and all(t.amount is None for _, t in parts):
            continue
        amount, kgce, _ = _sums(parts, unit)
        if amount is None or factor is None or (tco2 := factor.tco2(amount, unit, kgce)) is None:
            return None
        found.append(tco2)
    return sum(found) if found else None


def _converted(total: EnergyTotal) -> float:
    """Of what is covered, the share whose heating value is known."""
    return 1.0 - total.unconverted_s / total.covered_s if total.covered_s > 0 else 1.0


def total_kgce(lines: Iterable[Consumption]) -> float | None:
    """The enterprise's standard coal over the lines' periods; None where a line that counts is unknown."""
    counted = [line for line in lines if line.in_total]
    known = [line.kgce for line in counted if line.kgce is not None]
    return sum(known) if counted and len(known) == len(counted) else None
