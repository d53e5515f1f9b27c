"""Which faults happen: the demo's own few, or a seeded choice of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from enms.errors import InputError, Mistake
from enms.plant import Plant
from simulators.chooser import Chooser
from simulators.clock import DAY_MS, MINUTE_MS, to_ms
from simulators.faults import Fault, Kind

HOUR_MS = 3_600_000


def plan(
    plants: Sequence[Plant],
    seed: int,
    wanted: str,
    anchor: datetime | None,
    days: float,
    sound_days: float = 0.0,
    times: int | None = None,
) -> list[Fault]:
    """The faults of a scenario in the `days` before `anchor`, in order of their beginning.

    Args:
        plants: the plants of the scenario.
        seed: of the choice.
        wanted: 'none', 'demo', 'all' or a comma list of kinds.
        anchor: the 'now' they lead up to.
        days: the span in which they begin.
        sound_days: how long the plants were seen sound before that span.
        times: how many of each kind; None: one for every three days.

    Raises:
        InputError: an unknown kind.
        ValueError: faults without an anchor.
    """
    if wanted == "none":
        return []
    if anchor is None:
        raise ValueError("planned faults lead up to an anchor")
    until = to_ms(anchor) // MINUTE_MS * MINUTE_MS
    if wanted == "demo":
        codes = {p.enterprise.code for p in plants}
        return [f for f in _demo(until) if f.enterprise in codes]
    kinds = list(Kind) if wanted == "all" else [_kind(name.strip()) for name in wanted.split(",")]
    found = [f for plant in plants for f in Chooser(plant, seed, until, days, sound_days).choose(kinds, times)]
    return sorted(found, key=lambda f: (f.begin, f.enterprise, f.kind))


def _kind(name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        known = ", ".join(["none", "demo", "all", *Kind])
        raise InputError("--faults", [Mistake("", f"unknown fault {name!r}; known: {known}")]) from None


def _demo(now: int) -> list[Fault]:
    """What the demo shows: a furnace over its limit, two wasteful motors, a worn pump, a late and a stuck meter."""
    steel, rare_earth, ahead = "demo-steel", "demo-rare-earth", now + 60 * DAY_MS
    return [
        Fault(
            Kind.DRIFT, steel, now - 36 * HOUR_MS, ahead, 0.16, "share", points=("bf2.coke.mass",), process="bf2",
            why="process energy of bf2 passes its corrected limit",
        ),
        Fault(
            Kind.MOTOR_IDLE, steel, now - 30 * DAY_MS, ahead, 1.0, "no load", points=("coking.dust_fan.power",),
            process="coking", motor="coking.dust_fan", daily=(540, 900), why="input power falls to the no-load losses",
        ),
        Fault(
            Kind.MOTOR_UNDERLOAD, steel, now - 30 * DAY_MS, ahead, 0.66, "share of load",
            points=("sinter.water_pump.power",), process="sinter", motor="sinter.water_pump",
            why="load factor below 40 % all day",
        ),
        Fault(
            Kind.MOTOR_DEGRADATION, steel, now - 40 * HOUR_MS, ahead, 3.2, "percentage points",
            points=("bf2.water_pump1.power",), process="bf2", motor="bf2.water_pump1",
            why="the pump's output is metered: more input for the same output",
        ),
        Fault(
            Kind.DISORDER, rare_earth, now - 20 * HOUR_MS, now - 18 * HOUR_MS, 3.5 * 3600, "s after the end",
            points=("sep.elec.active_energy",),
            process="sep", visible=False, why="everything arrives in the end, only late",
        ),
        Fault(
            Kind.STUCK, steel, now - 10 * HOUR_MS, now + 12 * HOUR_MS, 0.0, "", points=("util.air.volume",),
            process="util", why="the register stands still for longer than it ever does",
        ),
    ]  # fmt: skip
