"""Every kind of fault shows in the data where its truth says, and nowhere else."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import numpy as np
import pytest

from enms.errors import InputError
from enms.plant import Plant
from enms.plant_file import parse_plant
from simulators.chooser import Chooser
from simulators.clock import to_ms, to_utc
from simulators.faults import OF_THE_PLANT, Fault, Kind
from simulators.plant import SimulatedPlant
from simulators.scenario import Scenario
from simulators.worked import per, specific
from tests.simulators.read_back import Row, by_point, rows

START = datetime(2026, 11, 15, 16, tzinfo=UTC)
POINT = "u1.gen.active_energy"
KEY = ("demo-power", POINT)
Received = dict[tuple[str, str], list[Row]]


def _hour(n: float) -> int:
    return to_ms(START + timedelta(hours=n))


def _fault(kind: Kind, begin_h: float, end_h: float, size: float = 0.0, point: str = POINT) -> Fault:
    return Fault(kind, "demo-power", _hour(begin_h), _hour(end_h), size, "", (point,))


def _received(plants: dict[str, Plant], *faults: Fault, hours: float = 12) -> tuple[Received, Scenario]:
    scenario = Scenario.load([plants["demo-power"]], 1, faults)
    return by_point(rows(scenario.readings(START, START + timedelta(hours=hours)))), scenario


@pytest.fixture(scope="module")
def clean(plants: dict[str, Plant]) -> Received:
    return _received(plants)[0]


def _others_are_untouched(received: Received, clean: Received) -> None:
    for key in clean:
        if key != KEY:
            assert [(r.t, r.value) for r in received[key]] == [(r.t, r.value) for r in clean[key]], key


def test_gap(plants: dict[str, Plant], clean: Received) -> None:
    received, _ = _received(plants, _fault(Kind.GAP, 3, 4.5))
    missing = {r.t for r in clean[KEY]} - {r.t for r in received[KEY]}
    assert len(missing) == 90
    assert min(missing) == START + timedelta(hours=3)
    _others_are_untouched(received, clean)


def test_duplicate(plants: dict[str, Plant], clean: Received) -> None:
    received, _ = _received(plants, _fault(Kind.DUPLICATE, 2, 4, size=0.5))
    assert {(r.t, r.value) for r in received[KEY]} == {(r.t, r.value) for r in clean[KEY]}
    assert 30 < len(received[KEY]) - len(clean[KEY]) < 90


def test_disorder_delivers_everything_late_and_unsorted(plants: dict[str, Plant], clean: Received) -> None:
    received, _ = _received(plants, _fault(Kind.DISORDER, 2, 4, size=3600))
    seen = received[KEY]
    assert sorted((r.t, r.value) for r in seen) == sorted((r.t, r.value) for r in clean[KEY])
    late = [r for r in seen if r.sent_at - r.t > timedelta(minutes=10)]
    assert len(late) == 120
    assert all(START + timedelta(hours=5) <= r.sent_at <= START + timedelta(hours=5, minutes=3) for r in late)
    assert [r.t for r in late] != sorted(r.t for r in late)
    _others_are_untouched(received, clean)


def test_late_data_cross_midnight(plants: dict[str, Plant]) -> None:
    received, _ = _received(plants, _fault(Kind.DISORDER, 22, 23, size=7200), hours=30)
    late = [r for r in received[KEY] if r.sent_at - r.t > timedelta(minutes=10)]
    assert len(late) == 60
    assert all(r.sent_at >= START + timedelta(hours=25) for r in late)


def test_clock_skew(plants: dict[str, Plant], clean: Received) -> None:
    received, _ = _received(plants, _fault(Kind.CLOCK_SKEW, 2, 3, size=-450))
    moved = {r.t for r in received[KEY]} - {r.t for r in clean[KEY]}
    assert len(moved) == 60
    assert all((t - START).total_seconds() % 60 == 30 for t in moved)


def test_stuck_meter_holds_and_then_jumps_to_the_truth(plants: dict[str, Plant], clean: Received) -> None:
    received, _ = _received(plants, _fault(Kind.STUCK, 2, 5))
    held = [r.value for r in received[KEY] if 2 <= (r.t - START).total_seconds() / 3600 < 5]
    assert len(set(held)) == 1
    after = [(r.t, r.value) for r in received[KEY] if r.t >= START + timedelta(hours=5)]
    assert after == [(r.t, r.value) for r in clean[KEY] if r.t >= START + timedelta(hours=5)]


def test_stuck_over_midnight_stays_stuck(plants: dict[str, Plant]) -> None:
    received, _ = _received(plants, _fault(Kind.STUCK, 20, 28), hours=30)
    held = {r.value for r in received[KEY] if 20 <= (r.t - START).total_seconds() / 3600 < 28}
    assert len(held) == 1


def test_spike(plants: dict[str, Plant], clean: Received) -> None:
    received, _ = _received(plants, _fault(Kind.SPIKE, 3, 3.3, size=1.2))
    changed = [(a, b) for a, b in zip(received[KEY], clean[KEY], strict=True) if a.value != b.value]
    assert len(changed) == 1
    assert changed[0][0].value > 1.19 * changed[0][1].value


def test_rollover_happens_at_its_instant_and_loses_nothing(plants: dict[str, Plant], clean: Received) -> None:
    received, scenario = _received(plants, _fault(Kind.ROLLOVER, 5, 5.02))
    modulus = scenario.plants[0].meters[POINT].modulus
    values = np.array([r.value for r in received[KEY]])
    falls = np.flatnonzero(np.diff(values) < 0)
    assert len(falls) == 1
    assert abs((received[KEY][int(falls[0]) + 1].t - START).total_seconds() / 3600 - 5) < 0.02
    assert values[int(falls[0])] > 0.99 * modulus
    used = values[-1] - values[0] + modulus
    assert used == pytest.approx(clean[KEY][-1].value - clean[KEY][0].value, abs=1e-3)


def test_exchange_and_what_has_to_be_declared(plants: dict[str, Plant], clean: Received) -> None:
    fault = _fault(Kind.EXCHANGE, 6, 6.02, size=7.0)
    received, scenario = _received(plants, fault)
    (line,) = [json.loads(t) for t in scenario.truth()]
    declared = line["exchange"]
    before = [r.value for r in received[KEY] if r.t < START + timedelta(hours=6)]
    after = [r.value for r in received[KEY] if r.t >= START + timedelta(hours=6)]
    assert datetime.fromisoformat(declared["at"]) == START + timedelta(hours=6)
    assert declared["initial"] == 7.0
    assert declared["multiplier"] == scenario.plants[0].meters[POINT].multiplier
    assert before[-1] <= declared["final"] <= before[-1] + (before[-1] - before[-2]) * 1.5
    used = (declared["final"] - before[0]) + (after[-1] - declared["initial"])
    assert used == pytest.approx(clean[KEY][-1].value - clean[KEY][0].value, abs=1e-3)


@pytest.mark.parametrize(
    ("code", "process", "enpi"),
    [
        ("demo-steel", "bf2", "bf2.process_energy"),
        ("demo-steel", "coking", "coking.process_energy"),
        ("demo-steel", "sinter", "sinter.process_energy"),
        ("demo-steel", "pellet", "pellet.process_energy"),
        ("demo-steel", "bof", "bof.process_energy"),
        ("demo-steel", "roll", "roll.process_energy"),
        ("demo-rare-earth", "roast", "roast.gas_rate"),
        ("demo-rare-earth", "elys", "elys.energy"),
        ("demo-power", "u2", "u2.supply_coal"),
    ],
)
def test_drift_worsens_its_process_only(plants: dict[str, Plant], code: str, process: str, enpi: str) -> None:
    day = date(2026, 11, 17)
    fault = Fault(Kind.DRIFT, code, _hour(0), _hour(72), 0.10, "share", (), process)
    sound, ill = SimulatedPlant(plants[code], 1), SimulatedPlant(plants[code], 1, [fault])
    for one in plants[code].enpis:
        before, after = (specific(p.board(day), plants[code], one.code) for p in (sound, ill))
        if one.code == enpi:
            assert after - before > 0.04 * abs(before), "worse by a good part of 10 %"
        elif one.process not in {"site", process}:
            assert after == pytest.approx(before, rel=0.02), one.code


def test_motor_faults(plants: dict[str, Plant]) -> None:
    plant, day = plants["demo-steel"], date(2026, 11, 17)
    begin, end = _hour(-24), _hour(96)

    def fault(kind: Kind, motor: str, size: float, daily: tuple[int, int] | None = None) -> Fault:
        return Fault(kind, "demo-steel", begin, end, size, "", (), None, motor, daily)

    ill = SimulatedPlant(
        plant,
        1,
        [
            fault(Kind.MOTOR_IDLE, "coking.dust_fan", 1.0, (540, 900)),
            fault(Kind.MOTOR_UNDERLOAD, "sinter.water_pump", 0.66),
            fault(Kind.MOTOR_DEGRADATION, "bf1.dedust", 3.0),
        ],
    )
    sound_board, board = SimulatedPlant(plant, 1).board(day), ill.board(day)
    motors = {m.code: m for m in plant.motors}
    idle = board.flows["coking.dust_fan.power"]
    rated = motors["coking.dust_fan"].rated_kw
    assert 0 < idle[540:900].max() < 0.15 * rated
    assert idle[:540].min() > 0.4 * rated
    light = board.flows["sinter.water_pump.power"] / motors["sinter.water_pump"].rated_kw
    assert 0.1 < light.min() <= light.max() < 0.38
    more = board.flows["bf1.dedust.power"] - sound_board.flows["bf1.dedust.power"]
    assert more.min() > 0
    np.testing.assert_array_equal(board.flows["bf1.dedust.speed"], sound_board.flows["bf1.dedust.speed"])
    extra = board.flows["bf1.elec.active_energy"] - sound_board.flows["bf1.elec.active_energy"]
    np.testing.assert_allclose(extra, more, atol=1e-6)


def test_demo_breaches_one_furnace_and_leaves_the_other_alone(plants: dict[str, Plant]) -> None:
    """GB 21256-2025 level 3 for existing furnaces, with both corrections, over the last 24 hours."""
    now = datetime(2026, 11, 22, 4, tzinfo=UTC)
    (steel,) = Scenario.load([plants["demo-steel"]], 1, "demo", now).plants
    board = steel.board(date(2026, 11, 21) + timedelta(days=1))
    for furnace, breached in (("bf1", False), ("bf2", True)):
        share = float(board.flows[f"{furnace}.ore.re_share"].mean())
        grade = float(board.flows[f"{furnace}.ore.grade"].mean())
        limit = 415 + 0.3 * share + 3.61 * min(5.0, max(0.0, 62 - grade))
        value = specific(board, steel.plant, f"{furnace}.process_energy")
        assert (value > limit + 15) is breached, f"{furnace}: {value:.0f} against {limit:.0f}"
    assert per(board, "bf2.coke.mass", "bf2.output") > per(board, "bf1.coke.mass", "bf1.output")


def test_demo_faults(plants: dict[str, Plant]) -> None:
    now = datetime(2026, 11, 22, 4, tzinfo=UTC)
    scenario = Scenario.load(list(plants.values()), 1, "demo", now)
    assert [f.kind for f in scenario.faults] == [
        Kind.DRIFT,
        Kind.MOTOR_IDLE,
        Kind.MOTOR_UNDERLOAD,
        Kind.MOTOR_DEGRADATION,
        Kind.DISORDER,
        Kind.STUCK,
    ]
    late = next(f for f in scenario.faults if f.kind is Kind.DISORDER)
    assert to_utc(late.end) - to_utc(late.begin) == timedelta(hours=2)
    assert to_utc(late.end) + timedelta(seconds=late.size) < now


@pytest.mark.parametrize("seed", [1, 2])
def test_every_kind_can_be_planned_with_its_truth(plants: dict[str, Plant], seed: int) -> None:
    anchor = START + timedelta(days=7)
    scenario = Scenario.load(list(plants.values()), seed, "all", anchor)
    assert {f.kind for f in scenario.faults} == set(Kind)
    known = {c: {q.code for q in p.points} for c, p in plants.items()}
    taken: list[tuple[str, str]] = []
    for fault, line in zip(scenario.faults, scenario.truth(), strict=True):
        told = json.loads(line)
        assert told["kind"] == fault.kind
        assert told["why"], "a silent fault says why it is silent"
        assert datetime.fromisoformat(told["from"]) < datetime.fromisoformat(told["to"]) <= anchor + timedelta(days=7)
        assert set(fault.points) <= known[fault.enterprise]
        if fault.kind not in {Kind.CLOCK_SKEW, Kind.DRIFT}:
            taken += [(fault.enterprise, p) for p in fault.points]
    assert len(taken) == len(set(taken)), "no two faults on one meter"
    again = Scenario.load(list(plants.values()), seed, "all", anchor)
    assert list(again.truth()) == list(scenario.truth())


def test_degradation_is_silent_where_only_input_power_is_metered(plants: dict[str, Plant]) -> None:
    scenario = Scenario.load(list(plants.values()), 3, "motor_degradation", START, days=60)
    motors = {(c, m.code): m for c, p in plants.items() for m in p.motors}
    assert len({f.visible for f in scenario.faults}) == 2
    for fault in scenario.faults:
        points = motors[fault.enterprise, fault.motor or ""].points
        metered = points.speed is not None or points.driven_output is not None
        assert metered or not fault.visible
        assert fault.visible or not metered or fault.why.startswith(("within", "begins before", "slip needs"))


def test_an_unknown_kind_is_named(plants: dict[str, Plant]) -> None:
    with pytest.raises(InputError, match="unknown fault 'gremlin'; known: none, demo, all, gap"):
        Scenario.load([plants["demo-power"]], 1, "gap,gremlin", START)


@pytest.mark.parametrize("code", ["demo-steel", "demo-rare-earth", "demo-power"])
def test_faults_of_the_same_readings_keep_apart(plants: dict[str, Plant], code: str) -> None:
    meters = [kind for kind in Kind if kind not in OF_THE_PLANT]
    for seed in range(1, 6):
        chosen = list(Chooser(plants[code], seed, to_ms(START), 6).choose(meters))
        assert {f.kind for f in chosen} == set(meters)
        for a, b in combinations(chosen, 2):
            if set(a.points) & set(b.points):
                first, then = sorted((a, b), key=lambda f: f.begin)
                hours = 8 * 24 if (first.kind, then.kind) == (Kind.CLOCK_SKEW, Kind.EXCHANGE) else 6
                assert then.begin - first.end >= hours * 3_600_000, (a, b)


@pytest.mark.parametrize(("rated", "shown"), [(2_000, True), (2_000_000_000, False)])
def test_a_spike_that_could_be_is_silent(rated: int, shown: bool) -> None:
    plant = parse_plant(
        f"""
enterprise: {{code: mill, name: {{zh: 厂, en: Mill}}, industry: other}}
points: [{{code: elec, carrier: electricity, unit: kWh, rated_per_hour: {rated}, period_s: 60}}]
""",
        "mill.yaml",
    )
    (spike,) = Chooser(plant, 1, to_ms(START), 3).choose([Kind.SPIKE])
    assert (spike.visible, "is possible" in spike.why) == (shown, not shown)
