"""What counts in a balance, and what must not count twice."""

from __future__ import annotations

from enms.balance import BalancePoint, Method, enterprise_balances, process_balances
from enms.metering import Role


def point(
    code: str, role: Role, carrier: str = "electricity", process: str | None = None, parent: str | None = None
) -> BalancePoint:
    return BalancePoint(hash(code) % 1000, code, process, carrier, role, parent)


def signed(terms: object) -> list[tuple[str, int]]:
    return [(t.point.code, t.sign) for t in terms]


def test_an_enterprise_is_what_it_bought_not_the_sum_of_its_processes() -> None:
    points = [
        point("gate", Role.PURCHASED),
        point("export", Role.SOLD),
        point("bf1", Role.CONSUMED, process="bf1", parent="gate"),
        point("bf2", Role.CONSUMED, process="bf2", parent="gate"),
    ]
    (balance,) = enterprise_balances(points)
    assert balance.method is Method.PURCHASED
    assert signed(balance.terms) == [("gate", 1), ("export", -1)]
    assert balance.in_total


def test_without_a_purchase_meter_the_topmost_consumption_counts_once() -> None:
    points = [
        point("main", Role.CONSUMED),
        point("hall", Role.CONSUMED, parent="main"),
        point("press", Role.CONSUMED, parent="hall"),
        point("other", Role.CONSUMED),
    ]
    (balance,) = enterprise_balances(points)
    assert balance.method is Method.CONSUMED
    assert signed(balance.terms) == [("main", 1), ("other", 1)]


def test_gas_made_inside_is_shown_but_not_counted() -> None:
    points = [
        point("bf1.gas", Role.RECOVERED, "blast_furnace_gas", "bf1"),
        point("stoves", Role.CONSUMED, "blast_furnace_gas", "bf1"),
    ]
    (balance,) = enterprise_balances(points)
    assert balance.method is Method.INTERNAL
    assert not balance.in_total


def test_a_process_earns_what_it_recovers_and_nothing_for_flaring() -> None:
    points = [
        point("stoves", Role.CONSUMED, "blast_furnace_gas", "bf1"),
        point("top", Role.RECOVERED, "blast_furnace_gas", "bf1"),
        point("flare", Role.FLARED, "blast_furnace_gas", "bf1"),
    ]
    (balance,) = process_balances(points)
    assert signed(balance.terms) == [("stoves", 1), ("top", -1)]


def test_stock_is_subtracted_from_purchases() -> None:
    points = [point("in", Role.PURCHASED, "raw_coal"), point("yard", Role.STOCK, "raw_coal")]
    (balance,) = enterprise_balances(points)
    assert signed(balance.terms) == [("in", 1), ("yard", -1)]
