"""Points, meters and histories of readings for the ledger's tests: ordinary ones and all that goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from enms.metering import Aggregate, Installation, InstallationKind, PointConfig, ReadingType, Reporting, Role
from enms.readings import Origin, Quality, Reading
from enms.timeline import ConfigVersion, Timeline

T0 = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)

CONFIG = PointConfig(
    code="p",
    process=None,
    carrier="electricity",
    role=Role.CONSUMED,
    reading=ReadingType.REGISTER,
    unit="kWh",
    amount_unit="kWh",
    to_amount=1.0,
    aggregate=Aggregate.SUM,
    rated_per_hour=None,
    period_s=60.0,
    reporting=Reporting.PERIODIC,
    max_gap_s=300.0,
    max_silence_s=None,
    min_value=None,
    max_value=None,
    frozen_after_s=None,
    parent=None,
    ncv=None,
)
METER = Installation(
    installed_at=None,
    kind=InstallationKind.INSTALL,
    multiplier=1.0,
    register_max=None,
    resolution=None,
    accuracy_class=None,
    calibrated=None,
)


def at(minutes: float) -> datetime:
    """So many minutes after the tests' beginning."""
    return T0 + timedelta(minutes=minutes)


def reading(
    minutes: float,
    value: float,
    *,
    quality: Quality = Quality.GOOD,
    origin: Origin = Origin.METER,
    start: float | None = None,
    received: float | None = None,
) -> Reading:
    ts = at(minutes)
    return Reading(
        e=1,
        p=1,
        ts=ts,
        value=float(value),
        quality=quality,
        origin=origin,
        received_at=at(minutes if received is None else received),
        start=None if start is None else at(start),
    )


@dataclass(frozen=True, slots=True)
class World:
    """One point: what it is, what meters it has had, and every reading it ever gave."""

    versions: tuple[ConfigVersion, ...]
    meters: tuple[Installation, ...]
    readings: tuple[Reading, ...]

    @property
    def line(self) -> Timeline:
        return Timeline(self.versions, self.meters)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Quarter hours around everything that happened."""
        return T0 - timedelta(days=1), T0 + timedelta(days=5)


def register(*, rated: float | None = None, modulus: float | None = None, **config: object) -> World:
    """A register without readings."""
    return World(
        (ConfigVersion(None, replace(CONFIG, rated_per_hour=rated, **config)),),
        (replace(METER, register_max=modulus),),
        (),
    )


def gauge(*, mean: bool = False, **config: object) -> World:
    """A gauge without readings: a power in kW, or a state."""
    made = replace(
        CONFIG,
        reading=ReadingType.GAUGE,
        unit="degC" if mean else "kW",
        amount_unit="degC" if mean else "kWh",
        aggregate=Aggregate.MEAN if mean else Aggregate.SUM,
        **config,
    )
    return World((ConfigVersion(None, made),), (METER,), ())


def amounts(period_s: float = 900.0, **config: object) -> World:
    """A point of interval readings without any."""
    made = replace(
        CONFIG,
        reading=ReadingType.INTERVAL,
        unit="t",
        amount_unit="t",
        period_s=period_s,
        max_gap_s=max(3 * period_s, 300.0),
        **config,
    )
    return World((ConfigVersion(None, made),), (METER,), ())


def with_readings(world: World, *readings: Reading) -> World:
    return replace(world, readings=readings)


def exchange(minutes: float, final: float | None, initial: float, **meter: object) -> Installation:
    """A new meter (or, without a final value, a reset one)."""
    kind = InstallationKind.EXCHANGE if final is not None else InstallationKind.RESET
    return replace(METER, installed_at=at(minutes), kind=kind, final_value=final, initial_value=initial, **meter)


# Hypothesis ----------------------------------------------------------------------------------------------------------

_QUALITY = st.sampled_from([Quality.GOOD] * 12 + [Quality.SUSPECT, Quality.BAD])
_STEP_S = st.one_of(
    st.sampled_from([60.0, 60.0, 60.0, 60.0, 300.0, 900.0]),
    st.sampled_from([0.25, 17.3, 59.999999, 899.5, 1800.0, 7200.0]),
)
_RISE = st.one_of(
    st.floats(0, 20, allow_nan=False),
    st.sampled_from([0.0, 1.0, 5.0, 0.1]),
)
_ODD = st.one_of(st.none(), st.none(), st.none(), st.none(), st.none(), st.floats(0, 1000, allow_nan=False))


@st.composite
def instants(draw: st.DrawFn, most: int = 40) -> list[float]:
    """Ascending minutes after the beginning, steps of all sizes, whole microseconds."""
    steps = draw(st.lists(_STEP_S, min_size=0, max_size=most))
    minutes, found = draw(st.sampled_from([0.0, 0.5, 14.99, 15.0])), []
    for step in steps:
        minutes += step / 60
        found.append(round(minutes * 60e6) / 60e6)
    return sorted(set(found))


@st.composite
def registers(draw: st.DrawFn, *, faults: bool = True, events: bool = True) -> World:
    """A register of any kind with readings, some of them wrong, and meters exchanged on the way."""
    # 100 is so small that a rollover may not start in its upper tenth
    modulus = draw(st.sampled_from([None, 1000.0, 100.0] if faults else [None, 1000.0]))
    rated = draw(st.sampled_from([None, 600.0, 60.0])) if faults else None
    value = draw(st.floats(0, 900, allow_nan=False))
    found: list[Reading] = []
    for minutes in draw(instants()):
        value += draw(_RISE)
        if modulus is not None and value >= modulus:
            value -= modulus
        odd = draw(_ODD) if faults else None
        quality = draw(_QUALITY) if faults else Quality.GOOD
        found.append(reading(minutes, value if odd is None else odd, quality=quality))
        if odd is not None and draw(st.booleans()):
            value = odd
    meters = [replace(METER, register_max=modulus, resolution=draw(st.sampled_from([None, 0.01])))]
    if events and draw(st.booleans()):
        for minutes in sorted(draw(st.lists(st.integers(0, 300), max_size=2, unique=True))):
            final = draw(st.one_of(st.none(), st.floats(0, 1000, allow_nan=False)))
            meters.append(
                exchange(
                    minutes,
                    final,
                    draw(st.floats(0, 1000, allow_nan=False)),
                    multiplier=draw(st.sampled_from([1.0, 40.0])),
                    register_max=modulus,
                )
            )
    versions = [ConfigVersion(None, replace(CONFIG, rated_per_hour=rated))]
    if events and draw(st.booleans()):
        versions.append(
            ConfigVersion(
                at(draw(st.integers(0, 300))),
                replace(CONFIG, rated_per_hour=rated, max_gap_s=draw(st.sampled_from([60.0, 3600.0]))),
                retired=draw(st.booleans()),
            )
        )
    return World(tuple(versions), tuple(meters), tuple(found))


@st.composite
def gauges(draw: st.DrawFn) -> World:
    """A power or a state, with readings."""
    world = gauge(mean=draw(st.booleans()), max_gap_s=draw(st.sampled_from([300.0, 90.0, 86_400.0])))
    found = [
        reading(minutes, draw(st.floats(-50, 500, allow_nan=False)), quality=draw(_QUALITY))
        for minutes in draw(instants())
    ]
    return with_readings(world, *found)


@st.composite
def amounts_read(draw: st.DrawFn) -> World:
    """Interval readings with jitter, overlaps and holes."""
    period = draw(st.sampled_from([60.0, 900.0, 3600.0]))
    jitter = st.sampled_from([0.0, 0.0, 0.0, 1.0, -2.5, 40.0])
    found: list[Reading] = []
    for n in sorted(draw(st.lists(st.integers(1, 24), max_size=16, unique=True))):
        minutes = (n * period + draw(jitter)) / 60
        begin = draw(st.sampled_from([None, None, None, minutes - period / 60, minutes - 100, minutes]))
        found.append(
            reading(
                minutes,
                draw(st.floats(0, 100, allow_nan=False)),
                quality=draw(_QUALITY),
                origin=draw(st.sampled_from([Origin.METER, Origin.METER, Origin.BACKFILL, Origin.HAND])),
                start=begin,
                received=minutes + draw(st.sampled_from([0, 0, 60])),
            )
        )
    unique = {r.ts: r for r in found}
    return with_readings(amounts(period), *sorted(unique.values(), key=lambda r: r.ts))


def worlds() -> st.SearchStrategy[World]:
    """Any point."""
    return st.one_of(registers(), registers(faults=False), gauges(), amounts_read())
