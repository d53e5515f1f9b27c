"""One shift of an EnPI with its energy inputs: what shifts are compared and added up by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from enms.performance import State


@dataclass(frozen=True, slots=True)
class ShiftInput:
    """One energy input of a shift: signed kgce as in the boundary; None: unknown."""

    point: str
    carrier: str | None
    kgce: float | None


@dataclass(frozen=True, slots=True)
class ShiftValue:
    """An EnPI over one shift. Energy and output have their gaps filled, as the value has.

    Attributes:
        shift: code, as in the plant file.
        per_kgce: value units per (kgce per output unit).
        crew: code of the crew that worked it; None: nobody says.
        idle_h: hours without output; None: output is not metered that fine, or not known throughout.
        energy_half_tce, output_half: half widths of the ranges of energy and output: what an idle shift, which has no
            range of a value, adds to that of a sum.
        unclassed: points whose meters are of no known class: nothing has a range then.
    """

    shift: str
    start: datetime
    end: datetime
    value: float | None
    low: float | None
    high: float | None
    completeness: float
    state: str
    reason: str | None
    energy_tce: float | None
    output: float | None
    per_kgce: float
    inputs: Sequence[ShiftInput]
    crew: str | None = None
    idle_h: float | None = None
    energy_half_tce: float = 0.0
    output_half: float = 0.0
    unclassed: tuple[str, ...] = ()

    @property
    def idle(self) -> bool:
        """Nothing was made, and the energy is known: no value, but part of what its day, month and crew used."""
        return self.state == State.IDLE and self.energy_tce is not None and self.output is not None

    @property
    def known(self) -> bool:
        """Whether energy and output are: with a value, or idle."""
        return self.idle or (self.value is not None and bool(self.output))


@dataclass(frozen=True, slots=True)
class Contribution:
    """One energy input against what is usual, in the EnPI's unit; None: unknown.

    Attributes:
        tce: with its sign in the boundary: what is recovered is negative.
        delta: per_output less usual.
    """

    point: str
    carrier: str | None
    tce: float | None
    per_output: float | None
    usual: float | None
    delta: float | None


def by_pull(parts: Sequence[Contribution]) -> tuple[Contribution, ...]:
    """Those that pull furthest first, whichever way; what is unknown has no weight."""
    return tuple(sorted(parts, key=lambda part: -abs(part.delta) if part.delta is not None else 0.0))


def less(a: float | None, b: float | None) -> float | None:
    """Their difference; None where one is unknown."""
    return None if a is None or b is None else a - b
