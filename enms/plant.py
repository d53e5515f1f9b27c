"""A plant as its plant file describes it: enterprise, processes, metering points, EnPIs, motors.

The models are the file's format (CONTRACT: "A plant file"); omitted keys take the defaults of each, unknown keys are
mistakes. `enms.plant_file` reads the YAML and reports every mistake with its line.
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from enms.budget import Budget
from enms.enpi import Enpi
from enms.enterprise import Enterprise, Process
from enms.generating_unit import GeneratingUnit
from enms.metering import PointConfig
from enms.motor import Motor
from enms.plant_types import Strict
from enms.points import Point
from enms.roster import Roster
from enms.site_factors import SiteCarbon, SiteFactor
from enms.supply import Supply


class Plant(Strict):
    """A plant file's content."""

    enterprise: Enterprise
    processes: tuple[Process, ...] = ()
    points: tuple[Point, ...] = ()
    enpis: tuple[Enpi, ...] = ()
    motors: tuple[Motor, ...] = ()
    factors: tuple[SiteFactor, ...] = ()
    carbon_factors: tuple[SiteCarbon, ...] = ()
    supplies: tuple[Supply, ...] = ()
    budgets: tuple[Budget, ...] = ()
    generating_units: tuple[GeneratingUnit, ...] = ()
    roster: Roster | None = None

    @model_validator(mode="after")
    def _units_in_enpis(self) -> Self:
        """EnPIs of generating units are made of what their unit is made of: one definition."""
        units = {one.code: one for one in self.generating_units}
        held = {one.code: units.get(one.generating_unit or "") for one in self.enpis}
        filled = tuple(one if (of := held[one.code]) is None else of.enpi(one) for one in self.enpis)
        object.__setattr__(self, "enpis", filled)
        return self

    def configs(self) -> dict[str, PointConfig]:
        """Every point resolved, by code; virtual points take the unit of their first term."""
        by_code = {p.code: p for p in self.points}
        resolved: dict[str, PointConfig] = {}

        def resolve(code: str) -> PointConfig:
            if code not in resolved:
                point = by_code[code]
                of_terms = resolve(point.virtual[0].point).amount_unit if point.virtual else None
                resolved[code] = point.config(of_terms)
            return resolved[code]

        for point in self.points:
            resolve(point.code)
        return {p.code: resolved[p.code] for p in self.points}
