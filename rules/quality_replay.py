"""Evidence of `data_quality` judged again."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from rules.metered import number
from rules.point_rules import Check

_HOUR_S = 3_600


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Whether the check is met by what it looked at; a finding of the ledger has nothing to compute."""
    check = body.get("check", Check.SILENT)
    if check == Check.REGISTER:
        return None, None, None
    seen = body["inputs"][0]
    if check == Check.SILENT:
        return float(seen["covered_s"]) <= 0, None, None
    limit = body["limit"]
    if check == Check.INCOMPLETE:
        share, below = float(seen["covered_s"]) / float(seen["window_s"]), float(limit["completeness_below"])
        return share < below, share, below
    if check == Check.FROZEN:
        hours, after = float(seen["quarter_hours"]) / 4, float(limit["frozen_after_s"]) / _HOUR_S
        return hours >= after, hours, after
    if check == Check.OUT_OF_RANGE:
        mean, low, high = float(seen["mean"]), number(limit["min"]), number(limit["max"])
        outside = mean < (-inf if low is None else low) or mean > (inf if high is None else high)
        return outside, None, None
    least, greatest, over = float(seen["least_offset_s"]), float(seen["greatest_offset_s"]), float(limit["over_s"])
    skew = least if least > 0 else greatest if greatest < 0 else 0.0
    return abs(skew) > over, abs(skew), over
