"""Rules about whole networks and whole years: balances of meters, budgets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from enms.alerts import Purpose
from rules.base_rule import BaseRule, NotNegative, Share, Strict, Text, Watch
from rules.kind import Kind


class BalanceWatch(Watch):
    """Every point with points below it, or those of some carriers."""

    carriers: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None


class BalanceCondition(Strict):
    """A day's loss between a meter and those below it differs from what was learned by more than it may.

    Attributes:
        margin: share of what goes in, on top of scatter or uncertainty.
        learn_days: how many days are learned from, the last ones that were neither out of balance nor idle; the last
            `skip_days` before the judged one are not among them, so that a slow drift is not learned.
        accepted: by meter, from when on a changed loss is the usual one: from that day on nothing before it is learned
            from. Until a person writes that, a loss that changed stays a change.
        least_days: with fewer complete ones nothing is judged.
        usual_loss: the greatest loss such a network has; what loses more is not metered in full, and is not judged.
    """

    margin: Share = 0.01
    learn_days: Annotated[int, Field(ge=7, le=365)] = 28
    skip_days: Annotated[int, Field(ge=0, le=60)] = 7
    least_days: Annotated[int, Field(ge=3, le=365)] = 14
    usual_loss: Share
    min_completeness: Share = 0.9
    accepted: Mapping[str, date] = {}


class BalanceRule(BaseRule):
    kind: Literal[Kind.BALANCE]
    purpose: Literal[Purpose.OPERATIONAL]
    watches: BalanceWatch = BalanceWatch()
    condition: BalanceCondition


class BudgetWatch(Watch):
    """Budgets of the plant file, of some measures."""

    measures: Annotated[tuple[Literal["tce", "coal", "tco2"], ...], Field(min_length=1)] | None = None


class BudgetCondition(Strict):
    """What was used since the budget's beginning is over its share of the plan, or will be over the plan at its end.

    Attributes:
        ahead_pct: per cent of the plan's share for the time gone by.
        projected_over_pct: per cent of the plan that its end is projected to be over; instead of `ahead_pct`.
        edge: of the projection's 80 % band: `high`: it may be; `expected`: it is likely to be; `low`: it will be,
            unless something changes.
        from_day: nothing is said before so many days; a cold January is no verdict.
    """

    ahead_pct: NotNegative | None = None
    projected_over_pct: NotNegative | None = None
    edge: Literal["high", "expected", "low"] = "expected"
    from_day: Annotated[int, Field(ge=1, le=366)] = 30
    min_completeness: Share = 0.9

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.ahead_pct is None) == (self.projected_over_pct is None):
            raise ValueError("either ahead_pct or projected_over_pct is wanted")
        return self

    @property
    def limit(self) -> float:
        """What is compared with, per cent."""
        return (self.ahead_pct if self.ahead_pct is not None else self.projected_over_pct) or 0.0


class BudgetRule(BaseRule):
    kind: Literal[Kind.BUDGET]
    purpose: Literal[Purpose.OPERATIONAL]
    watches: BudgetWatch = BudgetWatch()
    condition: BudgetCondition
