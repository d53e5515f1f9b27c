"""What derivation notices about a point's readings; nothing of it shows in one message alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from enms.timeline import seconds


class FindingKind(StrEnum):
    """Kinds of findings.

    REGISTER_DROPPED: a fall that is no rollover. REGISTER_JUMPED: a lasting rise the rating does not allow.
    SPIKE: one reading from which the register falls back to its course. OVERLAP: an interval reading that covers
    what a stronger one covers. GAP: neighbours farther apart than max_gap. FROZEN: the same value for longer than
    frozen_after. OUT_OF_RANGE: readings below min or above max.
    """

    REGISTER_DROPPED = "register_dropped"
    REGISTER_JUMPED = "register_jumped"
    SPIKE = "spike"
    OVERLAP = "overlap"
    GAP = "gap"
    FROZEN = "frozen"
    OUT_OF_RANGE = "out_of_range"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something noticed over [from_ts, to_ts]; of one kind there is one from an instant."""

    kind: FindingKind
    from_ts: datetime
    to_ts: datetime
    detail: Mapping[str, float] = field(default_factory=dict)

    def touches(self, x0: float, x1: float) -> bool:
        """Whether it belongs to the span [x0, x1): it overlaps it, or is an instant in it."""
        a, b = seconds(self.from_ts), seconds(self.to_ts)
        return a < x1 and (b > x0 or a == b == x0)


def one_an_instant(findings: Iterable[Finding]) -> list[Finding]:
    """Of findings of one kind from one instant the longest; by kind, then time."""
    longest: dict[tuple[FindingKind, datetime], Finding] = {}
    for finding in sorted(findings, key=lambda f: (f.kind, f.from_ts, f.to_ts)):
        longest[finding.kind, finding.from_ts] = finding
    return list(longest.values())
