"""Every parameter of SIMULATORS.md inside its range: each day of a week, and days over a year."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from enms.plant import Plant
from simulators.board import Board
from simulators.plant import SimulatedPlant
from simulators.power import unit as generating_unit
from simulators.schedule import batches, furnace_wind
from simulators.worked import day_total, flow, per, specific

WEEK = [date(2026, 11, 15) + timedelta(days=n) for n in range(7)]
YEAR = [date(2026, 1, 1) + timedelta(days=n) for n in range(0, 365, 12)]
DAYS = WEEK + YEAR


def _between(low: float, value: float, high: float, what: str) -> None:
    assert low <= value <= high, f"{what}: {value:.4g} not in {low:g} to {high:g}"


def _stopped(board: Board, furnace: str) -> bool:
    return bool(board.flows[f"{furnace}.output"].min() == 0)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_steel_works(steel: SimulatedPlant, day: date) -> None:
    board = steel.board(day)
    for check in (_coking, _sinter_and_pellets, _blast_furnaces, _converter, _hot_strip, _works, _high_voltage):
        check(board, steel.plant)


def _coking(board: Board, plant: Plant) -> None:
    _between(105, specific(board, plant, "coking.process_energy"), 130, "kgce/t")
    _between(410, per(board, "coking.cog.volume", "coking.output"), 440, "Nm3/t")
    _between(0.50, per(board, "coking.cdq.steam_mass", "coking.output"), 0.58, "t/t steam")
    _between(40, per(board, "coking.elec.active_energy", "coking.output"), 55, "kWh/t")


def _sinter_and_pellets(board: Board, plant: Plant) -> None:
    _between(45, specific(board, plant, "sinter.process_energy"), 52, "sinter kgce/t")
    _between(48, 1000 * per(board, "sinter.fuel.mass", "sinter.output"), 55, "sinter fuel kg/t")
    _between(38, per(board, "sinter.elec.active_energy", "sinter.output"), 48, "sinter kWh/t")
    ignition = board.flows["sinter.cog.volume"] * board.flows["gas.cog.ncv"] / 1000
    _between(0.05, float(ignition.sum() / board.flows["sinter.output"].sum()), 0.08, "ignition GJ/t")
    _between(20, specific(board, plant, "pellet.process_energy"), 30, "pellet kgce/t")
    _between(25, per(board, "pellet.elec.active_energy", "pellet.output"), 35, "pellet kWh/t")


def _blast_furnaces(board: Board, plant: Plant) -> None:
    for bf in ("bf1", "bf2"):
        if _stopped(board, bf):
            continue
        made = f"{bf}.output"
        _between(375, specific(board, plant, f"{bf}.process_energy"), 415, "kgce/t")
        _between(350, 1000 * per(board, f"{bf}.coke.mass", made), 400, "coke kg/t")
        _between(130, 1000 * per(board, f"{bf}.pci.mass", made), 165, "coal kg/t")
        _between(1400, per(board, f"{bf}.bfg.volume", made), 1650, "gas Nm3/t")
        _between(480, per(board, f"{bf}.stove_bfg.volume", made), 560, "stove gas Nm3/t")
        _between(75, per(board, f"{bf}.blower.elec.active_energy", made), 95, "blower kWh/t")
        _between(35, per(board, f"{bf}.trt.energy", made), 50, "turbine kWh/t")
        _between(30, per(board, f"{bf}.oxygen.volume", made), 60, "oxygen Nm3/t")
        _between(3.1, float(board.flows[f"{bf}.bfg.ncv"].min()), 3.5, "gas MJ/Nm3")
        _between(3.1, float(board.flows[f"{bf}.bfg.ncv"].max()), 3.5, "gas MJ/Nm3")
        _between(9, len(board.events[f"{bf}.tap.mass"].end), 14, "taps a day")


def test_blast_furnaces_slow_monthly_and_stop_quarterly(steel: SimulatedPlant) -> None:
    for bf, month in (("bf1", 0), ("bf2", 1)):
        off, slow = {}, {}
        for n in range(365):
            day = date(2026, 1, 1) + timedelta(days=n)
            wind = furnace_wind(steel.dice(day), bf, month)
            hours = float((wind < 0.05).sum()) / 60
            if hours > 0:
                off[day] = hours
            elif wind.min() < 0.9:
                slow[day.month] = float(wind.min())
        assert len(off) == 4, "one off-wind day a quarter"
        assert all(7.9 <= hours <= 16 for hours in off.values()), off
        assert len(slow) >= 10, "slow wind every month"


def _converter(board: Board, plant: Plant) -> None:
    _between(-28, specific(board, plant, "bof.process_energy"), -15, "kgce/t")
    steel_t = day_total(board, "bof.output")
    gas = day_total(board, "bof1.ldg.volume") + day_total(board, "bof2.ldg.volume")
    blown = day_total(board, "bof1.oxygen.volume") + day_total(board, "bof2.oxygen.volume")
    _between(100, gas / steel_t, 130, "gas Nm3/t")
    _between(50, blown / steel_t, 56, "oxygen Nm3/t")
    _between(60, 1000 * day_total(board, "bof.steam.mass") / steel_t, 100, "steam kg/t")
    _between(25, per(board, "bof.elec.active_energy", "bof.output"), 40, "kWh/t")
    _between(7, float(board.flows["bof.ldg.ncv"].mean()), 8, "gas MJ/Nm3")
    for vessel in ("bof1", "bof2"):
        heats = board.events[f"{vessel}.heat.mass"]
        minutes = (heats.end - heats.start) / 60_000
        assert 36 <= minutes.min() <= minutes.max() <= 42, "tap to tap"
        recovering = float((board.flows[f"{vessel}.ldg.volume"] > 1.0).sum()) / len(minutes)
        _between(8, recovering, 13, "minutes of recovery a heat, both broken minutes counted")


def test_heats_do_not_overlap(steel: SimulatedPlant) -> None:
    for day in WEEK:
        plan = batches(steel.dice(day), "bof1", 36, 36.2, 41.6)
        assert np.all(plan.start[1:] >= plan.end[:-1] - 1e-9)
        assert plan.end[-1] <= 1440 + 1e-9


def _hot_strip(board: Board, plant: Plant) -> None:
    _between(45, specific(board, plant, "roll.process_energy"), 58, "kgce/t")
    _between(75, per(board, "roll.elec.active_energy", "roll.output"), 105, "kWh/t")
    gases = (("bfg", "gas.bfg.ncv"), ("cog", "gas.cog.ncv"), ("ldg", "bof.ldg.ncv"))
    heat = sum(float((board.flows[f"roll.{g}.volume"] * board.flows[n]).sum()) / 60_000 for g, n in gases)
    _between(1.05, heat / day_total(board, "roll.output"), 1.35, "GJ/t")


def _works(board: Board, plant: Plant) -> None:
    if _stopped(board, "bf1") or _stopped(board, "bf2"):
        return
    _between(540, specific(board, plant, "site.energy"), 620, "kgce/t steel")
    supply = float(flow(board, plant, "site.supply.energy").sum()) / 60
    _between(450, supply / day_total(board, "cast.output"), 520, "kWh/t steel")
    bought = day_total(board, "site.grid1.active_energy") + day_total(board, "site.grid2.active_energy")
    _between(0.50, 1 - bought / supply, 0.70, "own generation")
    made = day_total(board, "bf1.bfg.volume") + day_total(board, "bf2.bfg.volume")
    _between(0.005, day_total(board, "gas.bfg.flare") / made, 0.03, "flared")


def _high_voltage(board: Board, plant: Plant) -> None:
    high = sum(
        day_total(board, c) for c in board.flows if c.endswith((".hv.active_energy", ".blower.elec.active_energy"))
    )
    low = sum(day_total(board, c) for c in board.flows if c.endswith(".lv.active_energy"))
    _between(0.62, high / (high + low), 0.80, "share above 200 kW")


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_rare_earth_works(rare_earth: SimulatedPlant, day: date) -> None:
    cells = [f"elys.c{n}" for n in range(1, 9)]
    board = rare_earth.board(day)
    _between(1400, specific(board, rare_earth.plant, "reo.energy"), 2100, "kgce/t REO")
    metal = day_total(board, "elys.output")
    direct = sum(day_total(board, f"{c}.dc.energy") for c in cells)
    _between(6.2, direct / metal, 8.2, "DC kWh/kg")
    _between(8.3, day_total(board, "elys.elec.active_energy") / metal, 10.2, "AC kWh/kg")
    charge = sum(day_total(board, f"{c}.current") for c in cells)
    _between(0.72, metal / (charge * 1.78), 0.82, "current efficiency")
    for cell in cells:
        running = board.flows[f"{cell}.current"]
        _between(6, float(running.min()), 30, "kA")
        _between(6, float(running.max()), 30, "kA")
        _between(8.5, float(board.flows[f"{cell}.voltage"].min()), 10.5, "V")
        _between(8.5, float(board.flows[f"{cell}.voltage"].max()), 10.5, "V")
        taps = board.events[f"{cell}.tap.mass"]
        hours = (taps.end - taps.start) / 3_600_000
        assert 0.99 <= hours.min() <= hours.max() <= 2.01, "tapped every one to two hours"
        assert taps.value.sum() == pytest.approx(day_total(board, f"{cell}.current") * 1.78 * 0.772, rel=0.06)


def test_coal_rate_follows_the_load() -> None:
    none = np.zeros(1)
    for load, low, high in ((1.0, 318, 325), (0.5, 340, 350), (0.3, 365, 385)):
        wet = float(generating_unit.coal_rate(np.array([load]), generating_unit.U1, none, summer=False)[0])
        dry = float(generating_unit.coal_rate(np.array([load]), generating_unit.U2, none, summer=False)[0])
        hot = float(generating_unit.coal_rate(np.array([load]), generating_unit.U2, none, summer=True)[0])
        _between(low, wet, high, f"gce/kWh at {load:.0%}")
        _between(14, dry - wet, 18, "air cooling")
        _between(6, hot - dry, 12, "hot summer")


def test_house_load_follows_the_load() -> None:
    for unit, low, high in ((generating_unit.U1, 5, 6.5), (generating_unit.U2, 8, 10)):
        full = 100 * float(generating_unit.house_share(np.array([1.0]), unit)[0])
        part = 100 * float(generating_unit.house_share(np.array([0.4]), unit)[0])
        _between(low, full, high, "house load %")
        _between(2, part - full, 3, "more at 40 %")


def test_power_station(power: SimulatedPlant) -> None:
    ncv = []
    for day in DAYS:
        board = power.board(day)
        ncv.append(float(board.events["fuel.coal.ncv"].value[0]))
        for unit in ("u1", "u2"):
            load = board.flows[f"{unit}.gen.active_power"]
            _between(90, float(load.min()), 300, "MW")
            _between(90, float(load.max()), 300, "MW")
            assert load.max() - load.min() > 60, "follows the grid's load"
        heating = day_total(board, "heat.supply.heat") > 0
        assert heating == ((day.month, day.day) >= (10, 15) or (day.month, day.day) <= (4, 15))
        if day.month in {12, 1, 2}:
            _between(250, _chp_rate(board), 300, "CHP winter gce/kWh")
    assert all(16 <= v <= 20 for v in ncv)
    _between(0.02, float(np.std(ncv) / np.mean(ncv)), 0.05, "coal NCV from day to day")


def _chp_rate(board: Board) -> float:
    """B (1 - alpha) / (Wgen - Waux,power): the heat's own share of the coal taken off first."""
    supplied = day_total(board, "u1.gen.active_energy") - day_total(board, "u1.aux.active_energy")
    heat = day_total(board, "heat.supply.heat") + day_total(board, "steam.sold.heat")
    minutes = board.flows["u1.coal.mass"]
    before, after = board.events["fuel.coal.ncv"].value[0], board.events["fuel.coal.ncv"].value[0]
    assert before == after
    coal = _burnt(board, minutes)
    return 1000 * (coal - heat * generating_unit.HEAT_KGCE_PER_GJ) / supplied


def _burnt(board: Board, tonnes: np.ndarray) -> float:
    """kgce: before the morning's sample yesterday's still holds."""
    ncv = board.dice.daily("coal.ncv", 18.0, 0.62, sampled_min=480)
    return float((tonnes * 1000 * np.clip(ncv, 16.1, 19.9) / 29.3076).sum()) / 60


def test_load_factors_of_sound_motors(steel: SimulatedPlant, rare_earth: SimulatedPlant, power: SimulatedPlant) -> None:
    """Pumps 0.7 to 0.9, fans 0.5 to 0.85, conveyors 0.3 to 0.6 at their process's nominal rate; never too light."""
    wanted = {"pump": (0.68, 0.92), "fan": (0.48, 0.87), "conveyor": (0.30, 0.62)}
    for plant in (steel, rare_earth, power):
        board = plant.board(WEEK[0])
        for motor in plant.plant.motors:
            if motor.duty != "continuous" or motor.vsd or motor.points.power is None:
                continue
            kw = board.flows[motor.points.power]
            running = kw[kw > 0]
            if not len(running):
                continue
            efficiency = (motor.efficiency_pct or 0) / 100
            load = running * efficiency / motor.rated_kw
            assert load.min() > 0.41, f"{motor.code} would look underloaded: {load.min():.2f}"
            assert load.max() < 1.03, motor.code
            low, high = wanted.get(motor.drives or "", (0.4, 1.0))
            activity = board.activity.get(motor.process or "", np.ones(1440))
            if 0.9 < activity.mean() < 1.1:
                _between(low, float(load.mean()), high, motor.code)
