"""Coking with dry quenching (干熄焦): the coal input closes the energy balance around the process's own figure."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.board import Board
from simulators.noise import Array
from simulators.physics import (
    GJ_PER_T_HP_STEAM,
    KGCE_PER_GJ,
    KGCE_PER_KG_COKE,
    KGCE_PER_KWH,
    MJ_PER_KGCE,
)
from simulators.schedule import crew_effect

COKE_T_PER_H = 110.0
TAR_T_PER_T = 0.042
KGCE_PER_KG_TAR = 1.1429
HEATING_GJ_PER_T = 3.15
STEAM_GJ_PER_T = 0.12
BFG_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Coking:
    """What the rest of the works needs to know, per hour.

    Attributes:
        coke: t.
        cog: coke-oven gas made, Nm3; `heating_bfg` and `heating_cog` are burnt under the ovens.
        cdq_steam: t from the dry quencher.
        kw: electricity.
    """

    coke: Array
    cog: Array
    heating_bfg: Array
    heating_cog: Array
    cdq_steam: Array
    steam_gj: Array
    kw: Array


def run(board: Board, bfg_ncv: Array, cog_ncv: Array) -> Coking:
    """One day of the ovens. Energy per tonne 105 to 130 kgce when sound."""
    worse = board.condition.drift_of("coking")
    coke = COKE_T_PER_H * (1 + board.dice.wave("coking.rate", 0.008) + crew_effect(board.dice))
    gas_per_t = board.around("coking.gas", 425, 4, 412, 438)
    steam_per_t = board.around("coking.cdq", 0.54, 0.01, 0.51, 0.57)
    kwh_per_t = board.around("coking.kwh", 47, 1.5, 42, 53)
    kgce_per_t = board.around("coking.energy", 117, 2.2, 109, 126) * (1 + worse)
    ncv = board.put("coking.coal.ncv", board.dice.daily("coking.coal.ncv", 29.6, 0.2, sampled_min=480))

    board.put("coking.coal.volatile", board.dice.stepped("coking.coal.volatile", 24.6, 0.3, 480))
    board.put("coking.coal.moisture", board.dice.stepped("coking.coal.moisture", 9.6, 0.3, 480))

    cog = coke * gas_per_t
    heating = coke * HEATING_GJ_PER_T
    heating_bfg = heating * 1000 * BFG_SHARE / bfg_ncv
    heating_cog = heating * 1000 * (1 - BFG_SHARE) / cog_ncv
    coal_kgce = (
        kgce_per_t
        + 1000 * (KGCE_PER_KG_COKE + TAR_T_PER_T * KGCE_PER_KG_TAR)
        + gas_per_t * cog_ncv / MJ_PER_KGCE
        + steam_per_t * GJ_PER_T_HP_STEAM * KGCE_PER_GJ
        - (HEATING_GJ_PER_T + STEAM_GJ_PER_T) * KGCE_PER_GJ
        - kwh_per_t * KGCE_PER_KWH
    )
    board.put("coking.coal.mass", coke * coal_kgce * MJ_PER_KGCE / 1000 / ncv)
    board.put("coking.output", coke)
    board.put("coking.tar.mass", coke * TAR_T_PER_T)
    board.put("coking.cog.volume", cog)
    board.put("coking.heat_bfg.volume", heating_bfg)
    board.put("coking.heat_cog.volume", heating_cog)
    steam = board.put("coking.cdq.steam_mass", coke * steam_per_t)
    board.put("coking.cdq.steam_heat", steam * GJ_PER_T_HP_STEAM)
    steam_gj = board.put("coking.steam.heat", coke * STEAM_GJ_PER_T)
    board.put("coking.water.volume", coke * 1.4)
    board.gauge("coking.flue.temperature", 1265, 6, grain=2)
    board.gauge("coking.coke.temperature", 985, 9, grain=3)
    board.gauge("coking.cdq.inlet_temperature", 935, 10, grain=3)
    board.activity["coking"] = coke / COKE_T_PER_H
    return Coking(coke, cog, heating_bfg, heating_cog, steam, steam_gj, coke * kwh_per_t)
