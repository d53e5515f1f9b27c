"""Rules about the supply coal rate of generating units."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from enms.alerts import Purpose
from rules.base_rule import BaseRule, NotNegative, Share, Strict, Text, Watch
from rules.kind import Kind


class UnitWatch(Watch):
    """Every generating unit of the plant file, or those of some codes."""

    units: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None


class FleetCondition(Strict):
    """All watched units together, weighed by what they supplied over twelve months, are over a target.

    Attributes:
        over_target: key of the catalogue's targets. A fleet's average: per unit it would fire every low-load night.
        min_completeness: of each unit's days so many must be known, and of each day so much of every point.
    """

    of: Literal["fleet"]
    over_target: Text
    min_completeness: Share = 0.9


class DistrictCondition(Strict):
    """The same of all plants of the district together, or of a group: those the rule names (`watches.enterprises`)."""

    of: Literal["district"]
    over_target: Text
    min_completeness: Share = 0.9


class UnitCondition(Strict):
    """A unit's day is over its own curve at that day's load by more than `over_curve_pct`; nothing below a day."""

    of: Literal["unit"]
    over_curve_pct: NotNegative
    min_completeness: Share = 0.9


class SupplyCoalRule(BaseRule):
    kind: Literal[Kind.SUPPLY_COAL_RATE]
    # A target of a plan is no limit of a statute; the statute is `enpi_limit` on GB 21258.
    purpose: Literal[Purpose.OPERATIONAL]
    unit: Literal["gce/kWh"]
    watches: UnitWatch = UnitWatch()
    condition: Annotated[FleetCondition | DistrictCondition | UnitCondition, Field(discriminator="of")]

    @property
    def one_by_one(self) -> bool:
        return isinstance(self.condition, UnitCondition)

    @property
    def scope(self) -> Literal["plant", "district"]:
        """A group of plants is judged where the district is."""
        return "district" if isinstance(self.condition, DistrictCondition) else "plant"
