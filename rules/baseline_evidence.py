"""How an energy baseline stands in evidence, and is read back from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from db.baseline_steps import VariableValue
from db.baselines import StoredBaseline
from enms.baseline import Against, Baseline, Quality, Variable
from enms.performance import EnpiValue
from rules.enpi_evidence import value_lines
from rules.evidence import decimal
from rules.metered import line


def variable_facts(one: VariableValue) -> dict[str, object]:
    """A variable over the judged step."""
    return {
        "kind": one.kind,
        "code": one.code,
        "unit": one.unit,
        "amount": one.amount,
        "mean": one.mean,
        "window_s": one.window_s,
        "covered_s": one.covered_s,
        "completeness": one.completeness,
        "value": one.value,
    }


def baseline_facts(baseline: Baseline, held: StoredBaseline) -> dict[str, object]:
    """The frozen baseline: all that the judgement needs, and what tells how good it is."""
    quality = baseline.quality
    return {
        "start": baseline.start,
        "end": baseline.end,
        "resolution": baseline.resolution,
        "valid_from": held.valid_from,
        "asked_by": held.actor or None,
        "reason": held.reason or None,
        "n": baseline.n,
        "left_out": dict(baseline.left_out),
        "mean_energy": baseline.mean_energy,
        "variables": [
            {
                "code": v.code,
                "unit": v.unit,
                "mean": v.mean,
                "least": v.least,
                "greatest": v.greatest,
                "slope": v.slope,
                "p": v.p,
            }
            for v in baseline.variables
        ],
        "covariance": [list(row) for row in baseline.covariance],
        "variance": baseline.variance,
        "idle_below": baseline.idle_below,
        "quality": {
            "r2": quality.r2,
            "r2_adjusted": quality.r2_adjusted,
            "f": quality.f,
            "f_p": quality.f_p,
            "cv_rmse": quality.cv_rmse,
            "durbin_watson": quality.durbin_watson,
            "residuals_follow_one_another": quality.correlated,
        },
        **({"widened": baseline.widened} if baseline.widened != 1 else {}),
        "data_sha256": baseline.data,
        "boundary_sha256": baseline.boundary,
    }


def read_baseline(facts: Mapping[str, Any]) -> Baseline:
    """A baseline read back from evidence; what it was fitted to is not in it, only its hash."""
    quality = facts["quality"]
    return Baseline(
        start=datetime.fromisoformat(facts["start"]),
        end=datetime.fromisoformat(facts["end"]),
        resolution=facts["resolution"],
        boundary=facts["boundary_sha256"],
        n=int(facts["n"]),
        mean_energy=float(facts["mean_energy"]),
        variables=tuple(
            Variable(v["code"], v["unit"], *(float(v[key]) for key in ("mean", "least", "greatest", "slope", "p")))
            for v in facts["variables"]
        ),
        covariance=tuple(tuple(float(one) for one in row) for row in facts["covariance"]),
        variance=float(facts["variance"]),
        quality=Quality(
            *(float(quality[key]) for key in ("r2", "r2_adjusted", "f", "f_p", "cv_rmse", "durbin_watson"))
        ),
        idle_below=float(facts["idle_below"]),
        left_out={key: int(count) for key, count in facts["left_out"].items()},
        data=facts["data_sha256"],
        observed=(),
        widened=float(facts.get("widened", 1)),
    )


def lines_of(
    value: EnpiValue, baseline: Baseline, x: Sequence[float], t: float, found: Against, at_least_pct: float
) -> list[dict[str, object]]:
    """The arithmetic line by line: the EnPI's own, then slope by slope, expected, half width, excess."""
    return [*value_lines(value), *_judgement(baseline, x, t, found, at_least_pct)]


def _judgement(
    baseline: Baseline, x: Sequence[float], t: float, found: Against, at_least_pct: float
) -> Iterator[dict[str, object]]:
    yield line("mean_energy", f"of {baseline.n} observations", baseline.mean_energy, "kgce")
    for v, given in zip(baseline.variables, x, strict=True):
        formula = f"{v.code}: {decimal(v.slope)} x ({decimal(given)} - {decimal(v.mean)})"
        yield line("slope_of", formula, v.slope * (given - v.mean), "kgce")
    yield line("expected", "mean energy + slopes", found.expected, "kgce")
    widened = f"{decimal(baseline.widened)} x " if baseline.widened != 1 else ""
    formula = f"{decimal(t)} x {widened}sqrt({decimal(baseline.variance)} x (1 + 1/{baseline.n} + leverage))"
    yield line("half_width", formula, found.half, "kgce")
    yield line("excess", "energy - expected", found.excess, "kgce")
    yield line("allowed", f"the greater of half width and {decimal(at_least_pct)} % of expected", found.allowed, "kgce")
    yield line("over_pct", "excess / |expected|", found.over_pct, "%")
    yield line("limit", "allowed / |expected|", found.limit_pct, "%")
    yield line("distance", "value - limit", found.over_pct - found.limit_pct, "%")
