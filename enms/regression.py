"""Fitting an energy baseline by ordinary least squares, with statsmodels.

It is loaded where it is used: with scipy and pandas below it that takes a second, and only whoever fits needs it. A
fitted baseline is judged by `enms.baseline` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import fsum, sqrt
from statistics import median

from enms.baseline import DATA_DIGITS, Baseline, Observed, Quality, Variable, data_hash, rounded

# Probabilities are told to so many decimals.
_P_DECIMALS = 6
# A variable whose spread is less than this share of itself did not vary: its slope is anybody's guess.
_LEAST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be fitted.

    Attributes:
        boundary: fingerprint of the EnPI's boundary.
        names: (code, unit) of the variables, in order.
        least: fewer observations than this are too few.
    """

    start: datetime
    end: datetime
    resolution: str
    boundary: str
    names: Sequence[tuple[str, str]]
    least: int


@dataclass(frozen=True, slots=True)
class NoFit:
    """Why there is no baseline, and figures that say so."""

    why: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.why}: {', '.join(self.names)}" if self.names else self.why


@lru_cache(maxsize=256)
def quantile(significance: float, freedom: int) -> float:
    """Student's t that is exceeded, either way, with this probability; rounded as every figure of a baseline."""
    from scipy.special import stdtrit  # noqa: PLC0415 - loads for a second, and only fits need it

    return rounded(float(stdtrit(freedom, 1 - significance / 2)))


def usual(outputs: Sequence[float]) -> float:
    """What a step usually puts out: the median of those that put out anything."""
    working = [one for one in outputs if one > 0]
    return median(working) if working else 0.0


def fit(
    question: Question, observed: Sequence[Observed], idle_below: float, left_out: Mapping[str, int]
) -> Baseline | NoFit:
    """Fit a baseline to what was observed.

    Args:
        question: of what, over which period.
        observed: steps that count, in any order.
        idle_below: output below which a step was left out as idle.
        left_out: how many were left out, by reason.
    """
    rows = sorted((_canonical(one) for one in observed), key=lambda one: one.start)
    n, k = len(rows), len(question.names)
    least = max(question.least, k + 3)
    if n < least:
        return NoFit("too_few_observations", (f"{n} < {least}",))
    means = [rounded(fsum(column) / n) for column in zip(*(one.x for one in rows), strict=True)]
    spreads = [
        sqrt(fsum((value - mean) ** 2 for value in column) / n)
        for column, mean in zip(zip(*(one.x for one in rows), strict=True), means, strict=True)
    ]
    for (code, _), mean, spread in zip(question.names, means, spreads, strict=True):
        if spread <= _LEAST_SPREAD * max(abs(mean), 1e-12):
            return NoFit("variable_does_not_vary", (code,))
    return _fitted(question, rows, means, spreads, idle_below, left_out)


def _fitted(
    question: Question,
    rows: Sequence[Observed],
    means: Sequence[float],
    spreads: Sequence[float],
    idle_below: float,
    left_out: Mapping[str, int],
) -> Baseline | NoFit:
    import numpy as np  # noqa: PLC0415 - loads for a while, as the next do
    from statsmodels.regression.linear_model import OLS  # noqa: PLC0415 - only fits need it
    from statsmodels.stats.stattools import durbin_watson  # noqa: PLC0415 - only fits need it

    n = len(rows)
    energy = np.array([one.energy for one in rows])
    scaled = (np.array([one.x for one in rows]) - np.array(means)) / np.array(spreads)
    design = np.column_stack([np.ones(n), scaled])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return NoFit("variables_depend_on_one_another", tuple(code for code, _ in question.names))
    found = OLS(energy, design).fit()
    variance = float(found.mse_resid)
    unit = np.asarray(found.normalized_cov_params)[1:, 1:] / np.outer(spreads, spreads)
    slopes = np.asarray(found.params)[1:] / np.array(spreads)
    columns = list(zip(*(one.x for one in rows), strict=True))
    variables = tuple(
        Variable(code, symbol, mean, min(column), max(column), rounded(float(slope)), round(float(p), _P_DECIMALS))
        for (code, symbol), mean, column, slope, p in zip(
            question.names, means, columns, slopes, np.asarray(found.pvalues)[1:], strict=True
        )
    )
    mean_energy = float(found.params[0])
    quality = Quality(
        r2=rounded(float(found.rsquared)),
        r2_adjusted=rounded(float(found.rsquared_adj)),
        f=rounded(float(found.fvalue)),
        f_p=round(float(found.f_pvalue), _P_DECIMALS),
        cv_rmse=rounded(sqrt(variance) / abs(fsum(energy) / n)) if fsum(energy) else float("inf"),
        durbin_watson=rounded(float(durbin_watson(found.resid))),
    )
    return Baseline(
        start=question.start,
        end=question.end,
        resolution=question.resolution,
        boundary=question.boundary,
        n=n,
        mean_energy=rounded(mean_energy),
        variables=variables,
        covariance=tuple(tuple(rounded(float(one)) for one in row) for row in unit),
        variance=rounded(variance),
        quality=quality,
        idle_below=rounded(idle_below),
        left_out=dict(sorted(left_out.items())),
        data=data_hash(rows),
        observed=tuple(rows),
        widened=quality.widened,
    )


def _canonical(one: Observed) -> Observed:
    """Sums of floats differ in their last digits by the order they were made in; what is fitted does not."""
    return Observed(one.start, one.end, rounded(one.energy, DATA_DIGITS), tuple(rounded(x, DATA_DIGITS) for x in one.x))
