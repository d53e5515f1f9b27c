"""What is said of an EnPI against the level that binds its line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from enms.catalogue import Levels, LimitRow
from enms.corrections import CorrectedLimit
from enms.enpi_reasons import Reason


class Verdict(StrEnum):
    """An EnPI against its limit; by the point value, as an inspector compares it."""

    WITHIN = "within"
    OVER = "over"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    """Confirmed: the whole range is on the value's side of the limit."""

    CONFIRMED = "confirmed"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class LimitVerdict:
    """An EnPI against the level that binds its line.

    Attributes:
        limit: corrected, in the EnPI's unit; None: no verdict.
        level: which one binds; levels: all three, corrected.
        row: the catalogue's row with edition, clause, source and review mark.
        reason: of UNKNOWN.
    """

    verdict: Verdict
    certainty: Certainty | None
    limit: float | None
    level: int | None
    levels: Levels | None
    row: LimitRow | None
    corrected: CorrectedLimit | None
    reason: Reason | None

    @property
    def edition(self) -> str | None:
        """Edition of the standard."""
        return self.row.edition.edition if self.row is not None else None


def no_verdict(reason: Reason, row: LimitRow | None = None, corrected: CorrectedLimit | None = None) -> LimitVerdict:
    """A verdict that cannot be given, and why."""
    level = corrected.binding.level if corrected is not None else None
    levels = corrected.levels if corrected is not None and not (corrected.missing or corrected.beyond) else None
    return LimitVerdict(Verdict.UNKNOWN, None, None, level, levels, row, corrected, reason)
