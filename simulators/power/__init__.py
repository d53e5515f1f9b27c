"""A coal power station of two 300 MW units with heat and steam supply: one local day of every quantity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from enms.motor import Motor
from simulators import feeders, motors, yard
from simulators.board import Board, Events
from simulators.clock import MINUTE_MS, MINUTES, day_start
from simulators.neighbours import LINE_LOSS, industrial_steam
from simulators.noise import Array
from simulators.power import unit
from simulators.schedule import pulses
from simulators.weather import outdoor

HIGH_VOLTAGE = {"u1": 0.78, "u2": 0.80}
TRANSFORMER_LOSS = 0.004
COAL_MJ_PER_KG, COAL_SIGMA = 18.0, 0.62
# The day's composite sample is taken at eight; the laboratory has it in the afternoon.
SAMPLED_MIN, LABORATORY_MIN = 480, 360


def run(board: Board, plates: Sequence[Motor]) -> None:
    """Fill a board with the station's day; `plates` are the motors of its plant file."""
    dice = board.dice
    ncv = np.clip(dice.daily("coal.ncv", COAL_MJ_PER_KG, COAL_SIGMA, sampled_min=SAMPLED_MIN), 16.1, 19.9)
    sampled = np.array([day_start(dice.day) + SAMPLED_MIN * MINUTE_MS], dtype=np.int64)
    board.events["fuel.coal.ncv"] = Events(
        np.array([-1], dtype=np.int64), sampled, ncv[-1:], np.array([LABORATORY_MIN * MINUTE_MS], dtype=np.int64)
    )
    town = unit.district_heat(board)
    steam = industrial_steam(dice) / (1 - LINE_LOSS)
    none = np.zeros(MINUTES)
    units = (unit.run(board, unit.U1, town + steam, ncv), unit.run(board, unit.U2, none, ncv))
    _heat(board, town, steam)
    _fuel(board, units[0].coal_t + units[1].coal_t)
    _electricity(board, units, town, motors.run(board, plates))


def _heat(board: Board, town: Array, steam: Array) -> None:
    board.put("heat.supply.heat", town)
    supply = np.where(town > 0, 78 + town * 0.03, 20.0) + board.dice.grain("heat.supply", 0.2)
    back = np.where(town > 0, 45 + town * 0.004, 20.0) + board.dice.grain("heat.return", 0.2)
    board.put("heat.supply.temperature", supply)
    board.put("heat.return.temperature", back)
    # 4.19 kJ/kgK
    flow = np.where(town > 0, town * 1000 / 4.19 / np.maximum(supply - back, 5.0), 0.0)
    board.put("heat.supply.flow", flow)
    board.put("heat.supply.pressure", np.where(town > 0, 0.82, 0.30) + board.dice.grain("heat.pressure", 0.004))
    board.put("heat.makeup.volume", flow * 0.006)
    board.put("heat.outdoor.temperature", outdoor(board.dice))
    board.put("steam.sold.heat", steam)
    board.put("steam.sold.mass", steam / 2.9)
    board.gauge("steam.sold.pressure", 0.98, 0.015, grain=0.004)
    board.gauge("steam.sold.temperature", 292, 4, grain=1)
    board.activity["heat"] = np.where(town > 0, np.clip(0.6 + town / 2000, 0, 1.1), 0.0)


def _fuel(board: Board, burnt: Array) -> None:
    """Belts fill the bunkers in four runs a day: their scales lead the burn by hours."""
    starts = np.array([60.0, 420.0, 780.0, 1140.0])
    ends = starts + 210.0
    total = float(burnt.sum()) / 60
    runs = pulses(starts, ends, np.full(4, total / 4))
    split = 0.52 + board.dice.wave("fuel.split", 0.01)
    board.put("fuel.belt_a.mass", runs * split)
    board.put("fuel.belt_b.mass", runs * (1 - split))
    stored = np.cumsum(runs - burnt) / 60
    board.put("fuel.bunker.level", 64 + 100 * (stored - stored.mean()) / 6_000)
    board.activity["fuel"] = np.where(runs > 0, np.clip(runs / 700.0, 0.5, 1.1), 0.0)
    yard.run(board, "fuel.coal.purchased", "fuel.coal.stock", burnt, 185_000, 6_000)


def _electricity(board: Board, units: tuple[unit.UnitDay, unit.UnitDay], town: Array, beyond: dict[str, Array]) -> None:
    """House load, the heating pumps of their own, what leaves by two lines."""
    pumps = board.put("heat.elec.active_energy", np.where(town > 0, 900 + town * 1.1, 35.0))
    common = sum((beyond.get(p, np.zeros(MINUTES)) for p in ("fuel", "heat", "")), np.zeros(MINUTES)) / 2
    sent = -pumps
    for code, day in zip(("u1", "u2"), units, strict=True):
        house = board.put(f"{code}.aux.active_energy", day.house_kw + beyond.get(code, 0.0) + common)
        delivered = house * (1 - feeders.FEEDER_LOSS)
        scrubber = board.put(f"{code}.fgd.active_energy", delivered * 0.14)
        feeders.split(board, code, delivered - scrubber, HIGH_VOLTAGE[code])
        sent = sent + day.gross_kw - house
    sent = sent * (1 - TRANSFORMER_LOSS)
    share = 0.51 + board.dice.wave("site.lines", 0.015)
    for line, part in (("line1", share), ("line2", 1 - share)):
        kw = board.put(f"site.{line}.active_energy", sent * part)
        board.put(f"site.{line}.active_power", kw / 1000)
        board.put(f"site.{line}.reactive_energy", kw * 0.28)
        board.gauge(f"site.{line}.voltage", 228.5, 0.9, grain=0.2)
    board.put("site.standby.active_energy", np.full(MINUTES, 140.0))
    makeup = board.flows["u1.makeup.volume"] + board.flows["u2.makeup.volume"] + board.flows["heat.makeup.volume"]
    tower = 520 + 480 * units[0].load
    board.put("site.tower.volume", tower)
    board.put("site.water.volume", (makeup + tower) / 0.97)
