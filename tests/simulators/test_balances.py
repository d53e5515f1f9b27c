"""Energy balances close in every minute before any meter errs: parent = children + the network's loss."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from simulators.noise import Array
from simulators.plant import SimulatedPlant
from simulators.steel import networks
from simulators.worked import flow

DAYS = [date(2026, 11, 16), date(2026, 7, 4), date(2026, 2, 27)]

STEEL = [
    ("site.supply.energy", networks.POWER_LOSS),
    ("gas.ldg.made", None),
    ("coking.cog.volume", networks.COG_LOSS),
    ("oxy.oxygen.volume", None),
    ("oxy.nitrogen.volume", 0.02),
    *[
        (f"{p}.elec.active_energy", 0.012)
        for p in ("coking", "sinter", "pellet", "bf1", "bf2", "bof", "roll", "oxy", "util")
    ],
]


def _children(plant: SimulatedPlant, day: date, parent: str) -> Array:
    board = plant.board(day)
    codes = [p.code for p in plant.plant.points if p.parent == parent]
    assert codes, parent
    return sum((board.flows[c] for c in codes), np.zeros(1440))


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(("parent", "loss"), STEEL)
def test_steel(steel: SimulatedPlant, day: date, parent: str, loss: float | None) -> None:
    made = flow(steel.board(day), steel.plant, parent)
    used = _children(steel, day, parent)
    if loss is None:  # a holder or sphere between: the day closes, the minute does not
        assert used.sum() / made.sum() == pytest.approx(1 - (networks.LDG_LOSS if "ldg" in parent else 0.005), rel=1e-6)
    else:
        np.testing.assert_allclose(used, made * (1 - loss), rtol=1e-9)


@pytest.mark.parametrize("day", DAYS)
def test_blast_furnace_gas_with_its_holder(steel: SimulatedPlant, day: date) -> None:
    board = steel.board(day)
    made = flow(board, steel.plant, "gas.bfg.made")
    used = _children(steel, day, "gas.bfg.made")
    level = board.flows["gas.bfg.holder_level"]
    stored = np.diff(level) / 100 * 150_000 * 60
    np.testing.assert_allclose((used - made * (1 - networks.BFG_LOSS))[:-1], -stored, atol=1e-3)


@pytest.mark.parametrize("day", DAYS)
def test_steam(steel: SimulatedPlant, day: date) -> None:
    made = flow(steel.board(day), steel.plant, "steam.made")
    np.testing.assert_allclose(_children(steel, day, "steam.made"), made * (1 - networks.STEAM_LOSS), rtol=1e-9)


@pytest.mark.parametrize("day", DAYS)
def test_nobody_uses_less_than_nothing(
    steel: SimulatedPlant, rare_earth: SimulatedPlant, power: SimulatedPlant, day: date
) -> None:
    for plant in (steel, rare_earth, power):
        board = plant.board(day)
        for point in plant.plant.points:
            if point.code in board.flows and point.unit != "degC":
                assert board.flows[point.code].min() >= 0, point.code


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(
    ("parent", "loss"),
    [
        ("site.grid.active_energy", 0.014),
        ("site.gas.volume", 0.008),
        ("site.steam.heat", 0.09),
        ("roast.elec.active_energy", 0.012),
        ("elys.elec.active_energy", 0.012),
        ("elys.rectifier1.energy", 0.045),
        ("elys.rectifier2.energy", 0.045),
    ],
)
def test_rare_earth(rare_earth: SimulatedPlant, day: date, parent: str, loss: float) -> None:
    board = rare_earth.board(day)
    np.testing.assert_allclose(_children(rare_earth, day, parent), board.flows[parent] * (1 - loss), rtol=1e-9)


@pytest.mark.parametrize("day", DAYS)
def test_power(power: SimulatedPlant, day: date) -> None:
    board = power.board(day)
    for unit in ("u1", "u2"):
        parent = f"{unit}.aux.active_energy"
        np.testing.assert_allclose(_children(power, day, parent), board.flows[parent] * (1 - 0.012), rtol=1e-9)
    net = flow(board, power.plant, "u1.net.energy") + flow(board, power.plant, "u2.net.energy")
    out = board.flows["site.line1.active_energy"] + board.flows["site.line2.active_energy"]
    np.testing.assert_allclose(out, (net - board.flows["heat.elec.active_energy"]) * (1 - 0.004), rtol=1e-9)


def test_both_ends_of_the_steam_line_see_the_same_stream(rare_earth: SimulatedPlant, power: SimulatedPlant) -> None:
    day = DAYS[0]
    sold, bought = power.board(day).flows["steam.sold.heat"], rare_earth.board(day).flows["site.steam.heat"]
    np.testing.assert_allclose(bought, sold * (1 - 0.06), rtol=1e-9)
