"""Which metered amounts make up an enterprise's and a process's consumption (GB/T 2589, boundary before sum).

An enterprise's consumption of a carrier is what it purchased, less what it sold and laid in stock; never the sum of
its processes. Where nobody meters the purchase, the topmost consumed points stand for it. A carrier that is only made
and used inside (blast-furnace gas) is shown, but is no part of the total: its energy came in as something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from enms.metering import Role


class Method(StrEnum):
    """How an enterprise's consumption of a carrier is known."""

    PURCHASED = "purchased"
    CONSUMED = "consumed"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class BalancePoint:
    """A metering point as balances see it."""

    p: int
    code: str
    process: str | None
    carrier: str
    role: Role
    parent: str | None


@dataclass(frozen=True, slots=True)
class BalanceTerm:
    """A signed point of a balance."""

    point: BalancePoint
    sign: int


@dataclass(frozen=True, slots=True)
class Balance:
    """One line of a balance: the terms whose signed sum it is.

    Attributes:
        process: None for the enterprise as a whole.
        in_total: whether its standard coal is part of the enterprise's total.
    """

    process: str | None
    carrier: str
    method: Method
    terms: tuple[BalanceTerm, ...]

    @property
    def in_total(self) -> bool:
        return self.process is None and self.method is not Method.INTERNAL


_ENTERPRISE_SIGN = {Role.PURCHASED: 1, Role.SOLD: -1, Role.STOCK: -1}
# Flared gas earns nothing; transferred amounts are counted where they are used.
_PROCESS_SIGN = {Role.CONSUMED: 1, Role.PRODUCED: -1, Role.RECOVERED: -1}
_MADE_INSIDE = {Role.PRODUCED, Role.RECOVERED}


def enterprise_balances(points: Iterable[BalancePoint]) -> list[Balance]:
    """One line a carrier, in order of first appearance."""
    by_carrier: dict[str, list[BalancePoint]] = {}
    for point in points:
        by_carrier.setdefault(point.carrier, []).append(point)
    balances = []
    for carrier, of_carrier in by_carrier.items():
        tops = _topmost(of_carrier)
        bought = [BalanceTerm(t, _ENTERPRISE_SIGN[t.role]) for t in tops if t.role in _ENTERPRISE_SIGN]
        used = [BalanceTerm(t, 1) for t in tops if t.role is Role.CONSUMED]
        if any(t.point.role is not Role.STOCK for t in bought):
            balances.append(Balance(None, carrier, Method.PURCHASED, tuple(bought)))
        elif used:
            inside = any(p.role in _MADE_INSIDE for p in of_carrier)
            method = Method.INTERNAL if inside else Method.CONSUMED
            balances.append(Balance(None, carrier, method, tuple(used)))
    return balances


def process_balances(points: Iterable[BalancePoint]) -> list[Balance]:
    """One line a process and carrier: consumed less produced and recovered."""
    groups: dict[tuple[str, str], list[BalancePoint]] = {}
    for point in points:
        if point.process is not None and point.role in _PROCESS_SIGN:
            groups.setdefault((point.process, point.carrier), []).append(point)
    return [
        Balance(
            process,
            carrier,
            Method.CONSUMED,
            tuple(BalanceTerm(t, _PROCESS_SIGN[t.role]) for t in _topmost(of_group)),
        )
        for (process, carrier), of_group in groups.items()
    ]


def _topmost(points: list[BalancePoint]) -> list[BalancePoint]:
    """Points none of whose ancestors with the same role is in the group: a sub-meter never counts twice.

    A sub-meter below a purchase meter that says `consumed` is not its double in role, but is below it in the tree:
    for the enterprise only the roles asked for count, so it is left to the process's line.
    """
    by_code: Mapping[str, BalancePoint] = {p.code: p for p in points}

    def covered(point: BalancePoint) -> bool:
        seen: set[str] = set()
        parent = point.parent
        while parent is not None and parent in by_code and parent not in seen:
            if by_code[parent].role is point.role:
                return True
            seen.add(parent)
            parent = by_code[parent].parent
        return False

    return [p for p in points if not covered(p)]
