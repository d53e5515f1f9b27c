"""The works' own gases, steam, oxygen and electricity: what is made, used, flared and lost, closing every minute.

The power house (cpp) takes the gas that nobody else wants; the grid supplies the electricity that is not made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulators.board import Board
from simulators.clock import MINUTES
from simulators.noise import Array
from simulators.physics import GJ_PER_T_HP_STEAM
from simulators.schedule import smoothed
from simulators.steel.agglomeration import Agglomeration
from simulators.steel.blast_furnace import BlastFurnace
from simulators.steel.coking import Coking
from simulators.steel.converter import Steelmaking
from simulators.steel.rolling import Rolling

# Share of each gas that leaks, condenses or is purged between maker and user.
BFG_LOSS, COG_LOSS, LDG_LOSS, STEAM_LOSS, OXYGEN_LOSS = 0.03, 0.03, 0.03, 0.10, 0.005
POWER_LOSS = 0.015
MJ_PER_KWH = 3.6


@dataclass(frozen=True, slots=True)
class Works:
    """The processes whose streams meet in the networks."""

    coking: Coking
    burden: Agglomeration
    furnaces: tuple[BlastFurnace, BlastFurnace]
    steel: Steelmaking
    rolling: Rolling


def gas(board: Board, works: Works, bfg_ncv: Array, cog_ncv: Array) -> Array:
    """Share out the three gases; GJ/h that reach the power house."""
    coking, steel, rolling = works.coking, works.steel, works.rolling
    made = works.furnaces[0].gas + works.furnaces[1].gas
    flare = np.clip(0.014 + board.dice.wave("gas.bfg.flare", 0.0035), 0.006, 0.028) * made
    used = works.furnaces[0].stove_gas + works.furnaces[1].stove_gas + coking.heating_bfg + rolling.bfg
    level, into_holder = _holder(board, "gas.bfg.holder", mean=62, swing=9, capacity=150_000)
    left = made * (1 - BFG_LOSS) - flare - used - into_holder
    aux = np.clip(300_000 / bfg_ncv, 0.0, np.maximum(0.0, 0.4 * left))
    board.put("gas.bfg.flare", flare)
    board.put("gas.bfg.holder_level", level)
    board.put("aux.bfg.volume", aux)
    cpp_bfg = board.put("cpp.bfg.volume", left - aux)

    sold = np.full(MINUTES, 120_000.0) / cog_ncv * (1 + board.dice.wave("site.cog.sold", 0.03))
    cog_used = coking.heating_cog + works.burden.sinter_cog + works.burden.pellet_cog + rolling.cog + steel.ladle_cog
    cog_flare = coking.cog * 0.004
    left = coking.cog * (1 - COG_LOSS) - cog_flare - cog_used - sold
    aux_cog = 0.25 * np.maximum(0.0, left)
    board.put("site.cog.sold", sold)
    board.put("gas.cog.flare", cog_flare)
    board.put("aux.cog.volume", aux_cog)
    cpp_cog = board.put("cpp.cog.volume", left - aux_cog)

    # Converter gas comes in bursts; the holder lets it out evenly and ends the day as it began.
    even = smoothed(steel.gas, 241)
    stored = np.cumsum(steel.gas - even) / 60 * (1 - LDG_LOSS)
    board.put("gas.ldg.holder_level", 50 + 100 * (stored - stored.mean()) / 80_000)
    out = even * (1 - LDG_LOSS)
    ldg_flare = board.put("gas.ldg.flare", out * 0.02)
    left = out - ldg_flare - rolling.ldg
    aux_ldg = board.put("aux.ldg.volume", 0.3 * np.maximum(0.0, left))
    cpp_ldg = board.put("cpp.ldg.volume", left - aux_ldg)
    return (cpp_bfg * bfg_ncv + cpp_cog * cog_ncv + cpp_ldg * steel.gas_ncv) / 1000


def steam(board: Board, works: Works) -> Array:
    """Share out low-pressure steam; GJ/h that the power house has to add."""
    made = works.steel.steam_gj + works.burden.steam_gj + works.rolling.steam_gj
    used = (
        works.coking.steam_gj + works.furnaces[0].steam_gj + works.furnaces[1].steam_gj + works.steel.refining_steam_gj
    )
    left = made * (1 - STEAM_LOSS) - used
    added = board.put("cpp.steam.heat", np.maximum(0.0, 8.0 - left) / (1 - STEAM_LOSS))
    board.put("aux.heating.heat", left + added * (1 - STEAM_LOSS))
    board.gauge("steam.header.pressure", 0.86, 0.02, grain=0.005)
    board.gauge("steam.header.temperature", 236, 4, grain=1)
    return added


def oxygen(board: Board, works: Works) -> Array:
    """Make oxygen evenly, vent what is too much; electricity of the plant in kW."""
    used = works.furnaces[0].oxygen + works.furnaces[1].oxygen + works.steel.oxygen
    aux = board.put("aux.oxygen.volume", np.full(MINUTES, 1800.0) * (1 + board.dice.wave("aux.oxygen", 0.05)))
    even = smoothed(used, 361) + aux
    vent = board.put("oxy.oxygen.vent", even * np.clip(0.03 + board.dice.wave("oxy.vent", 0.008), 0.01, 0.06))
    made = board.put("oxy.oxygen.volume", (even + vent) / (1 - OXYGEN_LOSS))
    stored = np.cumsum(smoothed(used, 361) - used) / 60
    board.put("oxy.tank.pressure", 2.15 + (stored - stored.mean()) / 60_000)
    nitrogen = works.steel.nitrogen + board.flows["bf1.nitrogen.volume"] + board.flows["bf2.nitrogen.volume"]
    board.put("oxy.nitrogen.volume", nitrogen / 0.98)
    kw = made * board.around("oxy.kwh", 0.57, 0.008, 0.54, 0.60)
    board.activity["oxy"] = kw / 30_000.0
    for machine, share in (("oxy.compressor1", 0.40), ("oxy.compressor2", 0.38)):
        board.demand[machine] = kw * share
    return kw


def _holder(board: Board, name: str, mean: float, swing: float, capacity: float) -> tuple[Array, Array]:
    """A holder's level in % and the flow into it in Nm3/h that belongs to the change."""
    level = mean + board.dice.wave(name, swing, period_min=240)
    ahead = np.append(level[1:], 2 * level[-1] - level[-2])
    return level, (ahead - level) / 100 * capacity * 60


def power(
    board: Board, works: Works, gas_gj: Array, steam_gj: Array, oxygen_kw: Array, beyond: Mapping[str, Array]
) -> None:
    """Meter the processes' electricity, make what the gas allows, buy the rest.

    `beyond` is what faulty motors take more than sound ones, by process, in kW.
    """
    bf1, bf2 = works.furnaces
    mains = {
        "coking": works.coking.kw,
        "sinter": works.burden.sinter_kw,
        "pellet": works.burden.pellet_kw,
        "bf1": bf1.kw,
        "bf2": bf2.kw,
        "bf1.blower": bf1.blower_kw,
        "bf2.blower": bf2.blower_kw,
        "bof": works.steel.kw,
        "cast": works.steel.cast_kw,
        "roll": works.rolling.kw,
        "oxy": oxygen_kw,
        "util": board.around("util.kw", 13_500, 250, 12_800, 14_200),
        "aux": board.around("aux.kw", 17_500, 500, 16_000, 19_000)
        * (1 + 0.06 * np.sin(np.arange(MINUTES) * 2 * np.pi / MINUTES - 2)),
    }
    efficiency = board.around("cpp.efficiency", 0.345, 0.004, 0.33, 0.36)
    gas_kw = np.maximum(0.0, gas_gj - steam_gj / 0.88) * 1000 / MJ_PER_KWH * efficiency
    quench_kw = works.coking.cdq_steam * GJ_PER_T_HP_STEAM * 1000 / MJ_PER_KWH * 0.27
    split = np.clip(0.5 + board.dice.wave("cpp.split", 0.02), 0.4, 0.6)
    board.put("cpp.g1.energy", gas_kw * split)
    board.put("cpp.g2.energy", gas_kw * (1 - split))
    board.put("cpp.g3.energy", quench_kw)
    mains["cpp"] = (gas_kw + quench_kw) * 0.062
    for process, more in beyond.items():
        mains[process] = mains[process] + more
    for process, kw in mains.items():
        board.put(f"{process}.elec.active_energy", kw)
    own = gas_kw + quench_kw + bf1.turbine_kw + bf2.turbine_kw
    total = sum(mains.values(), np.zeros(MINUTES)) / (1 - POWER_LOSS)
    bought = np.maximum(0.0, total - own)
    board.put("site.elec.exported", np.maximum(0.0, own - total))
    share = np.clip(0.54 + board.dice.wave("site.grid", 0.01), 0.5, 0.58)
    lag = np.tan(np.arccos(np.clip(0.945 + board.dice.wave("site.pf", 0.006), 0.92, 0.97)))
    for line, part in (("grid1", share), ("grid2", 1 - share)):
        kw = board.put(f"site.{line}.active_energy", bought * part)
        board.put(f"site.{line}.active_power", kw / 1000)
        board.put(f"site.{line}.reactive_energy", kw * lag)
        board.gauge(f"site.{line}.voltage", 112.8, 0.5, grain=0.12)
    _utilities(board)


def _utilities(board: Board) -> None:
    air = board.put("util.air.volume", board.flows["util.elec.active_energy"] * 0.52 / 0.115)
    board.gauge("util.air.pressure", 0.68, 0.008, grain=0.003)
    board.put("util.water.recirculated", air * 0 + 11_500 * (1 + board.dice.wave("util.recirculated", 0.02)))
