"""EnPIs of true quantities, by the plant file's own boundaries: what instruments without error would come to."""

from __future__ import annotations

from datetime import date

import numpy as np

from enms.carriers import TceBasis, carriers, factor, kgce_by_ncv
from enms.enpi import Enpi
from enms.plant import Plant
from enms.units import convert
from simulators.board import Board
from simulators.noise import Array


def flow(board: Board, plant: Plant, code: str) -> Array:
    """A point's true rate; a virtual point is the sum of its terms."""
    point = next(p for p in plant.points if p.code == code)
    if point.virtual is None:
        return board.flows[code]
    return sum((t.sign * flow(board, plant, t.point) for t in point.virtual), np.zeros(1440))


def kgce_per_hour(board: Board, plant: Plant, code: str) -> Array:
    """Standard coal of a point: by its measured NCV, else the site's factor, else the table's."""
    point = next(p for p in plant.points if p.code == code)
    amount = flow(board, plant, code)
    unit = point.unit or plant.configs()[code].amount_unit
    if point.ncv is not None:
        ncv_unit = next(p for p in plant.points if p.code == point.ncv).unit or ""
        return (
            amount * board.flows[point.ncv] * kgce_by_ncv(1.0, unit, 1.0, ncv_unit)
            if point.ncv in board.flows
            else (amount * board.events[point.ncv].value[-1] * kgce_by_ncv(1.0, unit, 1.0, ncv_unit))
        )
    for own in plant.factors:
        if own.carrier == point.carrier:
            return amount * own.kgce * convert(1.0, unit, own.unit)
    assert point.carrier in carriers(), code
    known = factor(point.carrier, TceBasis.CALORIFIC, date(2026, 11, 1))
    assert known is not None, code
    return amount * known.per(unit)


def energy_rate(board: Board, plant: Plant, enpi: Enpi) -> Array:
    """Kgce an hour inside an EnPI's boundary, minute by minute; of a generating unit what its power took."""
    burnt: Array = sum(
        (sign * kgce_per_hour(board, plant, code) for part, sign, code in enpi.parts if part == "energy"),
        np.zeros(1440),
    )
    heat, all_heat = (
        sum((flow(board, plant, code) for part, _, code in enpi.parts if part == wanted), np.zeros(1440))
        for wanted in ("heat", "total_heat")
    )
    alpha: Array = np.divide(heat, all_heat, out=np.zeros(1440), where=all_heat > 0)
    return burnt * (1.0 - alpha)


def output_rate(board: Board, plant: Plant, enpi: Enpi) -> Array:
    """Output an hour in the output points' unit, minute by minute."""
    return sum((sign * flow(board, plant, code) for part, sign, code in enpi.parts if part == "output"), np.zeros(1440))


def energy(board: Board, plant: Plant, enpi: Enpi) -> float:
    """Kgce of a day inside an EnPI's boundary."""
    return float(energy_rate(board, plant, enpi).sum()) / 60


def output(board: Board, plant: Plant, enpi: Enpi) -> float:
    """A day's output in the output points' unit."""
    return float(output_rate(board, plant, enpi).sum()) / 60


def specific(board: Board, plant: Plant, code: str) -> float:
    """An EnPI's value of a day: kgce per unit of output."""
    enpi = next(e for e in plant.enpis if e.code == code)
    return energy(board, plant, enpi) / output(board, plant, enpi)


def day_total(board: Board, code: str) -> float:
    return float(board.flows[code].sum()) / 60


def per(board: Board, code: str, output_code: str) -> float:
    """A day's amount per unit of another's."""
    return day_total(board, code) / day_total(board, output_code)
