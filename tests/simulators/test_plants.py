"""The plant files: they load, are large enough, and the models fill exactly their points."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from enms.metering import ReadingType
from enms.plant import Plant
from simulators.disturbance import Held
from simulators.plant import Registers, SimulatedPlant

# Series of low-voltage motors below IE3 (GB 18613 grade 3).
BELOW_IE3 = ("YB-", "Y2-", "YX3-")


def test_the_three_plants_are_large_enough(plants: dict[str, Plant]) -> None:
    metered = [p for plant in plants.values() for p in plant.points if p.virtual is None]
    motors = [m for plant in plants.values() for m in plant.motors]
    assert set(plants) == {"demo-steel", "demo-rare-earth", "demo-power"}
    assert len(metered) >= 300
    assert len(motors) >= 60
    week = sum(604_800 / (p.period_s or 60) for p in metered)
    assert week <= 1_600_000, "the demo fills a week in less than a minute"


@pytest.mark.parametrize("code", ["demo-steel", "demo-rare-earth", "demo-power"])
def test_the_model_fills_exactly_the_points_of_the_file(plants: dict[str, Plant], code: str) -> None:
    plant = plants[code]
    board = SimulatedPlant(plant, 3).board(date(2026, 3, 1))
    metered = {p.code for p in plant.points if p.virtual is None}
    assert set(board.flows) | set(board.events) == metered
    assert not set(board.flows) & set(board.events)
    assert all(len(v) == 1440 and np.isfinite(v).all() for v in board.flows.values())


def test_every_point_says_what_a_real_one_would(plants: dict[str, Plant]) -> None:
    for plant in plants.values():
        for point in plant.points:
            assert point.name is not None, point.code
            if point.virtual is not None:
                continue
            assert point.accuracy_class is not None, point.code
            assert point.calibrated is not None, point.code
            assert point.resolution is not None, point.code
            if point.reading is ReadingType.REGISTER:
                assert point.register_max is not None, point.code
                assert point.rated_per_hour is not None, point.code


def test_states_stay_inside_their_declared_range_all_year(plants: dict[str, Plant]) -> None:
    for plant in plants.values():
        simulated = SimulatedPlant(plant, seed=5)
        for ordinal in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal(), 19):
            board = simulated.board(date.fromordinal(ordinal))
            for point in plant.points:
                if point.reading is ReadingType.GAUGE and point.code in board.flows:
                    values = board.flows[point.code]
                    assert point.min is None or values.min() >= point.min, point.code
                    assert point.max is None or values.max() <= point.max, point.code


def test_registers_never_run_faster_than_rated_and_never_back(plants: dict[str, Plant]) -> None:
    for plant in plants.values():
        simulated = SimulatedPlant(plant, seed=5)
        for ordinal in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal(), 19):
            board = simulated.board(date.fromordinal(ordinal))
            for point in plant.points:
                if point.reading is ReadingType.REGISTER and point.code in board.flows:
                    values = board.flows[point.code]
                    assert values.min() >= 0, point.code
                    assert values.max() <= (point.rated_per_hour or 0) * 1.1, point.code


def test_motors_are_a_believable_park(plants: dict[str, Plant]) -> None:
    motors = [m for plant in plants.values() for m in plant.motors]
    small = sum(m.rated_kw <= 55 for m in motors) / len(motors)
    assert 0.75 <= small <= 0.85, "about 80 % of the count up to 55 kW"
    low_voltage = [m for m in motors if (m.voltage_v or 0) < 1000]
    weak = sum(m.rated_kw for m in low_voltage if (m.model or "").startswith(BELOW_IE3))
    assert 0.25 <= weak / sum(m.rated_kw for m in low_voltage) <= 0.40
    sinter = [m.rated_kw for m in motors if m.code in {"sinter.fan1", "sinter.fan2"}]
    blowers = [m.rated_kw for m in motors if m.code.endswith(".blower")]
    assert all(5_000 <= kw <= 9_000 for kw in sinter)
    assert all(18_000 <= kw <= 45_000 for kw in blowers)
    for motor in motors:
        assert motor.points.power is not None, motor.code
        assert motor.efficiency_pct is not None, motor.code


def test_furnaces_are_held_against_the_limit_with_both_corrections(plants: dict[str, Plant]) -> None:
    enpis = {e.code: e for e in plants["demo-steel"].enpis}
    for furnace in ("bf1", "bf2"):
        enpi = enpis[f"{furnace}.process_energy"]
        assert enpi.limit is not None
        assert (enpi.limit.standard, enpi.limit.item) == ("GB 21256", "blast_furnace")
        assert enpi.corrections == {
            "rare_earth_ore_pct": f"{furnace}.ore.re_share",
            "ore_grade_pct": f"{furnace}.ore.grade",
        }
        signed = {t.point.removeprefix(f"{furnace}."): t.sign for t in enpi.energy}
        assert signed == {
            "coke.mass": 1,
            "pci.mass": 1,
            "stove_bfg.volume": 1,
            "blower.elec.active_energy": 1,
            "oxygen.volume": 1,
            "steam.heat": 1,
            "elec.active_energy": 1,
            "bfg.volume": -1,
            "trt.energy": -1,
        }


@pytest.mark.parametrize("code", ["demo-steel", "demo-rare-earth", "demo-power"])
def test_sound_meters_look_neither_frozen_nor_out_of_range(plants: dict[str, Plant], code: str) -> None:
    """What is said to freeze or to be out of range must be so only when a fault makes it so."""
    plant = SimulatedPlant(plants[code], seed=1)
    state = Registers({c: plant.first_value(c) for c in plant.registers}, Held(), {})
    for n in range(6):
        table = plant.table(date(2026, 11, 14) + timedelta(days=n), state)
        for point in plants[code].points:
            seen = table.where(table.point == plant.index.get(point.code, -1)).in_order()
            if point.min is not None and len(seen):
                assert seen.value.min() >= point.min, point.code
            if point.max is not None and len(seen):
                assert seen.value.max() <= point.max, point.code
            if point.frozen_after_s is not None and len(seen):
                changes = np.flatnonzero(np.diff(seen.value) != 0)
                stands = np.diff(seen.t[np.concatenate([[0], changes + 1, [len(seen) - 1]])]).max() / 1000
                assert stands < point.frozen_after_s, point.code
