"""An energy baseline (EnB, ISO 50006 / GB/T 36713): energy as a line over its relevant variables, and what it expects.

    expected = mean energy + sum of slope x (variable - its mean)
    half     = t x widened x sqrt(variance x (1 + 1/n + (x - mean)' C (x - mean)))

Arithmetic only; `enms.regression` fits it once and for all. It is written about the means, not about zero: in that form
rounded figures lose nothing. Figures keep `DIGITS` significant digits and what was observed `DATA_DIGITS`, so that the
same data gives the same baseline and the same hash in whatever order, and on whatever machine, it was added up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from math import fsum, sqrt
from typing import Any

DIGITS = 8
DATA_DIGITS = 10
OUTPUT = "output"
# Of Durbin-Watson; a rule of thumb.
_CORRELATED_BELOW = 1.5
# Residuals that hardly change from one step to the next: what they scatter by is not known at all.
_MOST_CORRELATED = 0.95


def rounded(value: float, digits: int = DIGITS) -> float:
    """A figure to significant digits."""
    return float(f"{value:.{digits}g}")


@dataclass(frozen=True, slots=True)
class Observed:
    """One step of the baseline's period: energy in kgce, and the variables in their units."""

    start: datetime
    end: datetime
    energy: float
    x: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A relevant variable as it was over the baseline's period.

    Attributes:
        code: `output`, or the code of a point or an EnPI.
        least, greatest: what was observed; the baseline says nothing far beyond them.
        p: probability of such a slope by chance.
    """

    code: str
    unit: str
    mean: float
    least: float
    greatest: float
    slope: float
    p: float

    def covers(self, x: float, margin: float) -> bool:
        """Whether x is within what was observed, or at most a share of its edges beyond."""
        return self.least - margin * abs(self.least) <= x <= self.greatest + margin * abs(self.greatest)


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the line fits.

    Attributes:
        f, f_p: of the whole regression, and the probability of such an F by chance.
        cv_rmse: scatter about the line over the mean energy.
        durbin_watson: near 2: residuals are independent; near 0: each is like the one before.
    """

    r2: float
    r2_adjusted: float
    f: float
    f_p: float
    cv_rmse: float
    durbin_watson: float

    @property
    def correlated(self) -> bool:
        """Residuals follow one another: so many observations tell as much as fewer."""
        return self.durbin_watson < _CORRELATED_BELOW

    @property
    def widened(self) -> float:
        """By what an interval is wider where residuals follow one another: sqrt(n / n') with n' = n (1 - r) / (1 + r).

        Source: ASHRAE Guideline 14-2014, uncertainty of savings, correlated residuals; r is 1 - Durbin-Watson / 2.
        """
        if not self.correlated:
            return 1.0
        r = min(1 - self.durbin_watson / 2, _MOST_CORRELATED)
        return rounded(sqrt((1 + r) / (1 - r)))


@dataclass(frozen=True, slots=True)
class Baseline:
    """A fitted line, frozen.

    Attributes:
        start, end: of the period it was fitted to.
        resolution: length of a step.
        boundary: fingerprint of the EnPI's boundary; another boundary has another baseline.
        covariance: (X'X)^-1 of the variables about their means.
        variance: of the residuals.
        idle_below: output, in its unit, below which a step counts as standing still.
        left_out: steps of the period that were not used, by reason.
        data: SHA-256 of what was observed.
        widened: factor of its interval, for residuals that follow one another; 1 in baselines kept from before that.
    """

    start: datetime
    end: datetime
    resolution: str
    boundary: str
    n: int
    mean_energy: float
    variables: tuple[Variable, ...]
    covariance: tuple[tuple[float, ...], ...]
    variance: float
    quality: Quality
    idle_below: float
    left_out: Mapping[str, int]
    data: str
    observed: tuple[Observed, ...]
    widened: float = 1.0

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the residuals."""
        return self.n - len(self.variables) - 1

    def expected(self, x: Sequence[float]) -> float:
        """What energy it expects at these variables, kgce."""
        return self.mean_energy + fsum(v.slope * (given - v.mean) for v, given in zip(self.variables, x, strict=True))

    def half(self, x: Sequence[float], t: float) -> float:
        """Half width of the interval in which one more step is to lie, kgce."""
        away = [given - v.mean for v, given in zip(self.variables, x, strict=True)]
        leverage = fsum(
            a * b * c for a, row in zip(away, self.covariance, strict=True) for b, c in zip(away, row, strict=True)
        )
        return t * self.widened * sqrt(self.variance * (1 + 1 / self.n + leverage))

    def beyond(self, x: Sequence[float], margin: float) -> tuple[Variable, float] | None:
        """The first variable outside its range, and what it is."""
        pairs = zip(self.variables, x, strict=True)
        return next(((v, given) for v, given in pairs if not v.covers(given, margin)), None)


@dataclass(frozen=True, slots=True)
class Against:
    """Energy against its baseline, in kgce; `over_pct` and `limit_pct` are per cent of what was expected.

    Attributes:
        at_least_pct: an excess below so many per cent of the expected energy is not worth a word.
    """

    expected: float
    half: float
    excess: float
    at_least_pct: float

    @property
    def allowed(self) -> float:
        """How far energy may be above: the interval's half width, or the least excess worth a word."""
        return max(self.half, abs(self.expected) * self.at_least_pct / 100)

    @property
    def over_pct(self) -> float:
        return self.excess / abs(self.expected) * 100

    @property
    def limit_pct(self) -> float:
        return max(self.half / abs(self.expected) * 100, self.at_least_pct)


def against(baseline: Baseline, energy: float, x: Sequence[float], t: float, at_least_pct: float) -> Against:
    """Hold a step's energy against what its baseline expects.

    Args:
        baseline: of the subject.
        energy: kgce.
        x: variables, in the baseline's order and units.
        t: Student's quantile for the interval.
        at_least_pct: an excess below so many per cent of the expected energy is not worth a word.
    """
    expected, half = baseline.expected(x), baseline.half(x, t)
    return Against(expected, half, energy - expected, at_least_pct)


def data_of(observed: Sequence[Observed]) -> list[list[object]]:
    """What was observed, as it is hashed and kept: in order of time, decimals as text."""
    ordered = sorted(observed, key=lambda one: one.start)
    return [
        [_instant(one.start), _instant(one.end), *(f"{figure:.{DATA_DIGITS}g}" for figure in (one.energy, *one.x))]
        for one in ordered
    ]


def data_hash(observed: Sequence[Observed]) -> str:
    """SHA-256 of what was observed."""
    return sha256(json.dumps(data_of(observed), separators=(",", ":")).encode()).hexdigest()


def text_of(baseline: Baseline) -> str:
    """A baseline as canonical JSON."""
    quality = baseline.quality
    body = {
        "start": _instant(baseline.start),
        "end": _instant(baseline.end),
        "resolution": baseline.resolution,
        "boundary": baseline.boundary,
        "n": baseline.n,
        "mean_energy": baseline.mean_energy,
        "variables": [[v.code, v.unit, v.mean, v.least, v.greatest, v.slope, v.p] for v in baseline.variables],
        "covariance": [list(row) for row in baseline.covariance],
        "variance": baseline.variance,
        "quality": [
            quality.r2,
            quality.r2_adjusted,
            quality.f,
            quality.f_p,
            quality.cv_rmse,
            quality.durbin_watson,
        ],
        "idle_below": baseline.idle_below,
        "left_out": dict(baseline.left_out),
        "data": baseline.data,
        "observed": data_of(baseline.observed),
        "widened": baseline.widened,
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def baseline_of(text: str) -> Baseline:
    """A baseline read back."""
    body: dict[str, Any] = json.loads(text)
    observed = tuple(
        Observed(datetime.fromisoformat(start), datetime.fromisoformat(end), float(energy), tuple(map(float, x)))
        for start, end, energy, *x in body["observed"]
    )
    return Baseline(
        start=datetime.fromisoformat(body["start"]),
        end=datetime.fromisoformat(body["end"]),
        resolution=body["resolution"],
        boundary=body["boundary"],
        n=body["n"],
        mean_energy=body["mean_energy"],
        variables=tuple(Variable(*one) for one in body["variables"]),
        covariance=tuple(tuple(row) for row in body["covariance"]),
        variance=body["variance"],
        quality=Quality(*body["quality"]),
        idle_below=body["idle_below"],
        left_out=body["left_out"],
        data=body["data"],
        observed=observed,
        widened=body.get("widened", 1.0),
    )


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
