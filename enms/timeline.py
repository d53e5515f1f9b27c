"""What a point's values mean over time: its configuration and its meters joined into one line of scales.

The derivation in SQL and the reference in `enms.intervals` both take their constants from here, so that they cannot
disagree about a multiplier. Instants are seconds since 1970 (float: exact to the microsecond's neighbour until 2242).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TypeVar

from enms.metering import Aggregate, Installation, InstallationKind, PointConfig, ReadingType

# LEDGER: rated capacity x elapsed x 1.2 is possible; the meter's last digit may be off by one at both ends.
HEADROOM = 1.2
STEPS_OF_SLACK = 2.0
# LEDGER: a rollover starts above 90 % of the modulus.
ROLLOVER_FROM = 0.9
# Without a rating, a rollover that implies more than this share of the modulus is not believed.
ROLLOVER_SHARE = 0.2
# Ends of interval readings this near to a quarter hour are on it: a tenth of the period, at most 30 s.
SNAP_SHARE, SNAP_S = 0.1, 30.0

T = TypeVar("T")
_BREAKS = (InstallationKind.EXCHANGE, InstallationKind.RESET)


@dataclass(frozen=True, slots=True)
class ConfigVersion:
    """A point's configuration from an instant on; None: since ever."""

    valid_from: datetime | None
    config: PointConfig
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """How values are to be read over one stretch of the line.

    Attributes:
        factor: amount per unit read (per unit x hour for a rate): multiplier x to_amount.
        mean: a state, averaged over covered time.
        multiplier: the meter's; `rise_per_s` and `slack` are after it.
        rise_per_s: greatest possible rise a second, infinite where the rating is unknown.
        slack: rise that the register's resolution alone can show.
        modulus: rollover modulus, None: never rolls over.
        gap_s: neighbours farther apart make an estimate; a gauge holds no longer.
        period_s: what an interval reading without a start covers.
        snap_s: ends of interval readings this near to a quarter hour are on it.
    """

    reading: ReadingType
    factor: float
    mean: bool
    multiplier: float
    rise_per_s: float
    slack: float
    modulus: float | None
    gap_s: float
    period_s: float
    snap_s: float

    @property
    def over_s(self) -> float:
        """Seconds a gauge's value is per: a rate counts by the hour, a state weighs by the second."""
        return 1.0 if self.mean else 3600.0

    def possible(self, rise: float, seconds: float) -> bool:
        """Whether the register can rise by that much in that time."""
        return rise * self.multiplier <= self.rise_per_s * seconds + self.slack

    def step(self, before: float, after: float, seconds: float) -> float | None:
        """Register units counted between two readings; None: the two contradict each other.

        Never negative: a fall is a rollover or nothing that could be known.
        """
        if after >= before:
            rise = after - before
            return rise if self.possible(rise, seconds) else None
        if self.modulus is None or before <= ROLLOVER_FROM * self.modulus:
            return None
        rise = (self.modulus - before) + after
        if self.rise_per_s == float("inf"):
            return rise if 0 <= rise <= ROLLOVER_SHARE * self.modulus else None
        return rise if rise >= 0 and self.possible(rise, seconds) else None


@dataclass(frozen=True, slots=True)
class Break:
    """Where a register's course breaks: the old meter's last value, if declared, and the new one's first."""

    x: float
    final: float | None
    initial: float


def seconds(instant: datetime) -> float:
    """Seconds since 1970, as PostgreSQL's date_part('epoch', …) gives them."""
    return instant.timestamp()


def instant(x: float) -> datetime:
    """The instant of so many seconds since 1970."""
    return datetime.fromtimestamp(x, tz=UTC)


class Timeline:
    """A point's scales over all time.

    Args:
        versions: configuration by valid_from; nothing is known before the first.
        meters: installations by installed_at; without one the multiplier is 1 and nothing rolls over.

    Attributes:
        breaks: where a register's course breaks, in order of time.
        readings: the ways in which the point was ever read.
        longest_gap_s, longest_period_s: of all scales.
        ended_at: since when the point is out of service for good; None: it is not.
    """

    __slots__ = ("_edges", "_scales", "breaks", "ended_at", "longest_gap_s", "longest_period_s", "readings")

    def __init__(self, versions: Sequence[ConfigVersion], meters: Sequence[Installation]) -> None:
        configs = _Changes([v.valid_from for v in versions])
        plates = _Changes([m.installed_at for m in meters])
        self._edges = sorted({*configs.edges, *plates.edges})
        self._scales = [
            _scale(_at(versions, configs.index(x)), _at(meters, plates.index(x))) for x in (float("-inf"), *self._edges)
        ]
        self.breaks = [
            Break(seconds(m.installed_at), m.final_value, m.initial_value)
            for m in meters
            if m.kind in _BREAKS and m.installed_at is not None and m.initial_value is not None
        ]
        known = [s for s in self._scales if s is not None]
        self.readings = frozenset(s.reading for s in known)
        self.longest_gap_s = max((s.gap_s for s in known), default=0.0)
        self.longest_period_s = max((s.period_s for s in known), default=0.0)
        out_of_service = self._scales[-1] is None and bool(self._edges)
        self.ended_at = self._edges[-1] if out_of_service else None

    def after(self, x: float) -> Scale | None:
        """What holds at x and just after it; None: not in service."""
        return self._scales[bisect_right(self._edges, x)]

    def before(self, x: float) -> Scale | None:
        """What holds just before x: a register's rise up to x was counted by the meter before x."""
        return self._scales[bisect_left(self._edges, x)]

    def stretches(self, start: float, end: float) -> list[tuple[float, float, Scale]]:
        """The parts of [start, end) with one scale each; parts out of service are left out."""
        low, high = bisect_right(self._edges, start), bisect_left(self._edges, end)
        cuts = (start, *self._edges[low:high], end)
        parts = zip(pairwise(cuts), self._scales[low : high + 1], strict=True)
        return [(a, b, scale) for (a, b), scale in parts if scale is not None]

    @property
    def edges(self) -> Sequence[float]:
        """Where the scale changes or a course breaks, in order of time."""
        return self._edges


class _Changes:
    """Instants from which items of a list hold."""

    def __init__(self, since: Sequence[datetime | None]) -> None:
        self._since = [float("-inf") if s is None else seconds(s) for s in since]

    @property
    def edges(self) -> list[float]:
        return [x for x in self._since if x != float("-inf")]

    def index(self, x: float) -> int:
        """Which item holds at x; -1: none yet."""
        return bisect_right(self._since, x) - 1


def _at(items: Sequence[T], index: int) -> T | None:
    return items[index] if index >= 0 else None


def _scale(version: ConfigVersion | None, meter: Installation | None) -> Scale | None:
    if version is None or version.retired or version.config.reading is ReadingType.VIRTUAL:
        return None
    config = version.config
    multiplier = meter.multiplier if meter is not None else 1.0
    resolution = meter.resolution if meter is not None else None
    rated = config.rated_per_hour
    return Scale(
        reading=config.reading,
        factor=multiplier * config.to_amount,
        mean=config.aggregate is Aggregate.MEAN,
        multiplier=multiplier,
        rise_per_s=float("inf") if rated is None else rated / 3600.0 * HEADROOM,
        slack=STEPS_OF_SLACK * (resolution or 0.0) * multiplier,
        modulus=meter.register_max if meter is not None else None,
        gap_s=config.max_gap_s,
        period_s=config.period_s,
        snap_s=min(config.period_s * SNAP_SHARE, SNAP_S),
    )
