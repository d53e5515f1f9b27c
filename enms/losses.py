"""What is lost between a meter and the meters below it, as learned from its own past. Pure.

Losses belong to a network: cables, transformers, leaks, condensate. What matters is not that something is lost but that
it changes: a meter that drifts, a tap nobody meters, a leak. So the loss of a day is compared with the median of
earlier days, and may differ by what their scatter, the meters' classes and steps, and a margin allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# Of a normal distribution, the standard deviation is so many median absolute deviations.
_SIGMA_PER_MAD = 1.4826
_SIGMAS = 3.0


@dataclass(frozen=True, slots=True)
class Learned:
    """A network's usual loss, as shares of what goes in.

    Attributes:
        loss: the median of `days` days.
        scatter: three standard deviations of them.
    """

    loss: float
    scatter: float
    days: int

    def tolerance(self, uncertainty: float, margin: float) -> float:
        """By how much a day may differ: the greater of scatter and uncertainty, and a margin."""
        return max(self.scatter, uncertainty) + margin


def learn(losses: Sequence[float]) -> Learned:
    """The usual loss of some days, at least one."""
    middle = median(losses)
    mad = median([abs(loss - middle) for loss in losses])
    return Learned(middle, _SIGMAS * _SIGMA_PER_MAD * mad, len(losses))


def loss_share(inflow: float, outflows: Sequence[float]) -> float | None:
    """(in - sum of out) / in; None: nothing went in."""
    return (inflow - sum(outflows)) / inflow if inflow > 0 else None
