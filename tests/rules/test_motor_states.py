"""What motors do now, from the last quarter hour their meters closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from db.motor_profiles import load_profiles
from db.motors import instruments, motor_versions
from db.performance import motor_states
from enms.motors import EfficiencyState, LoadState, Why
from tests.rules.world import PLANTS, QUARTER, World

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)
NOW = DAY1 + timedelta(days=30)


@pytest.fixture
async def mill(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "motors")
        world.ends = dict.fromkeys(world.numbers, DAY1)
        yield world


async def states(mill, now=NOW):
    return {s.motor.code: s for s in await motor_states(mill.connection, mill.enterprise.e, now)}


async def test_a_gauge_in_kw_and_a_register_in_kwh_both_tell_the_load(mill):
    await mill.publish("fan.power", [10.0, 30.0])
    await mill.publish("pump.power", [15.0])
    found = await states(mill)
    fan, pump = found["fan"], found["pump"]
    assert (fan.start, fan.input_kw, fan.load.state) == (DAY1 + QUARTER, 120.0, LoadState.NORMAL)
    assert (pump.start, pump.input_kw, pump.load.state) == (DAY1, 60.0, LoadState.NORMAL)
    assert fan.load.load.low < fan.load.load.factor < fan.load.load.high
    assert fan.efficiency.state is EfficiencyState.CANNOT_TELL
    assert fan.efficiency.missing == ("speed", "driven_output")


async def test_a_partly_covered_quarter_hour_is_a_mean_over_what_is_covered(mill):
    await mill.publish("fan.power", [15.0], covered_s=450.0)
    fan = (await states(mill))["fan"]
    assert (fan.input_kw, fan.completeness) == (120.0, 0.5)


async def test_a_meter_that_said_nothing_or_fell_silent(mill):
    await mill.publish("fan.power", [30.0, None])
    found = await states(mill)
    assert (found["fan"].start, found["fan"].input_kw, found["fan"].load.why) == (DAY1 + QUARTER, None, Why.NO_READING)
    assert (found["pump"].start, found["pump"].load.why) == (None, Why.NO_READING)


async def test_a_drive_cannot_be_told_and_says_what_would_tell(mill):
    await mill.publish("vsd.power", [25.0])
    drive = (await states(mill))["drive"]
    assert (drive.load.state, drive.load.why, drive.load.missing) == (
        LoadState.CANNOT_TELL,
        Why.VSD,
        ("driven_output",),
    )


async def test_a_retired_motor_is_not_listed_and_versions_hold_for_their_time(mill):
    text = (PLANTS / "motors.yaml").read_text(encoding="utf-8")
    later = DAY1 + timedelta(days=1)
    changed = "\n".join(
        line for line in text.replace("rated_kw: 160", "rated_kw: 320").splitlines() if "code: pump," not in line
    )
    await mill.change(changed, effective_from=later)
    await mill.publish("fan.power", [30.0])
    before, after = await states(mill, DAY1), await states(mill)
    assert (before["fan"].motor.rated_kw, after["fan"].motor.rated_kw) == (160, 320)
    assert "pump" in before
    assert "pump" not in after


async def test_a_load_profile_has_hours_by_power_and_leaves_out_what_nobody_metered(mill):
    await mill.publish("fan.power", [30.0] * 4 + [None] * 4 + [12.5] * 8)
    await mill.publish("pump.power", [15.0] * 4)
    held = [versions[-1] for versions in (await motor_versions(mill.connection, mill.enterprise.e)).values()]
    points = await instruments(mill.connection, mill.enterprise.e, [v.motor.points.power for v in held])
    end = DAY1 + timedelta(days=1)
    found = await load_profiles(mill.connection, mill.enterprise.e, held, points, DAY1, end)
    assert [(round(b.kw, 6), b.hours) for b in found["fan"].bins] == [(50.0, 2.0), (120.0, 1.0)]
    assert [(b.kw, b.hours) for b in found["pump"].bins] == [(60.0, 1.0)]
    assert found["crane"].known_h == 0
