"""Evidence of `data_quality` judged again."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from rules import never_reported
from rules.metered import number
from rules.point_rules import Check

_HOUR_S = 3_600


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Whether the check is met by what it looked at; a finding of the ledger has nothing to compute."""
    return never_reported.replayed(body) if body.get("check") == Check.NEVER_REPORTED else _replayed(body)


def _replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    check = body.get("check", Check.SILENT)
    seen = body["inputs"][0] if check != Check.REGISTER else None
    if seen is None or check == Check.SILENT:
        return None if seen is None else float(seen["covered_s"]) <= 0, None, None
    limit = body["limit"]
    if check == Check.INCOMPLETE:
        share, below = float(seen["covered_s"]) / float(seen["window_s"]), float(limit["completeness_below"])
        return share < below, share, below
    if check == Check.SPIKE:
        return _not_less(float(seen["readings"]), float(limit["at_least"]))
    if check == Check.FROZEN:
        return _not_less(float(seen["quarter_hours"]) / 4, float(limit["frozen_after_s"]) / _HOUR_S)
    if check == Check.OUT_OF_RANGE:
        mean, low, high = float(seen["mean"]), number(limit["min"]), number(limit["max"])
        outside = mean < (-inf if low is None else low) or mean > (inf if high is None else high)
        return outside, None, None
    least, greatest, over = float(seen["least_offset_s"]), float(seen["greatest_offset_s"]), float(limit["over_s"])
    skew = least if least > 0 else greatest if greatest < 0 else 0.0
    return abs(skew) > over, abs(skew), over


def _not_less(value: float, least: float) -> tuple[bool, float, float]:
    return value >= least, value, least
