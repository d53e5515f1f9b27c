"""What rules about settlement meters have in common: which supplies, their versions and points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from db.metered import MeteredPoint, metered_points
from db.plants import EnterpriseRow
from db.supplies import SupplyVersion, supply_versions
from db.totals import cuts_of
from db.versions import version_at
from enms.cuts import Cut, Cuts
from enms.supply import Supply
from rules.conditions import Subject
from rules.cut_grid import CutGrid
from rules.facts import Facts
from rules.grid import Grid
from rules.supply_rules import SupplyWatch


@dataclass(frozen=True, slots=True)
class WatchedSupply:
    """A supply's versions and its points by code."""

    versions: tuple[SupplyVersion, ...]
    points: dict[str, MeteredPoint]
    cuts: Cuts

    def at(self, instant: datetime) -> Supply | None:
        """The contract that held then."""
        held = version_at(self.versions, instant)
        return held.supply if held is not None else None

    def during(self, start: datetime, end: datetime) -> WatchedSupply:
        """The same with the meters that were on its points then."""
        return replace(self, points={code: point.during(start, end) for code, point in self.points.items()})

    def point(self, code: str | None) -> MeteredPoint | None:
        return self.points.get(code) if code is not None else None


async def watched_supplies(
    facts: Facts,
    enterprise: EnterpriseRow,
    watches: SupplyWatch,
    cut: Cut | None,
    keys: Sequence[str],
    *,
    grid: Grid | None = None,
    reach: timedelta = timedelta(),
) -> list[Subject[WatchedSupply]]:
    """Supplies that have all points of `keys` (as `Supply.points` names them), each on a calendar's cut or a grid."""
    found = await facts.ask(supply_versions, enterprise.e)
    points = {point.code: point for point in await facts.ask(metered_points, enterprise.e)} if found else {}
    cuts = await facts.ask(cuts_of, enterprise.e)
    subjects = []
    for code, versions in found.items():
        named = versions[-1].supply.points
        wanted = watches.supplies is None or code in watches.supplies
        own = [points[named[key]] for key in keys if key in named and named[key] in points]
        if versions[-1].retired or not wanted or len(own) < len(keys) or not own:
            continue
        numbers = frozenset(point.p for point in own)
        subjects.append(
            Subject(
                code=code,
                watched=WatchedSupply(tuple(versions), {point.code: point for point in own}, cuts),
                grid=grid if grid is not None else CutGrid(cuts, cut or Cut.DAY),
                inputs=numbers,
                waits_for=numbers,
                reach=reach,
                configured=tuple((v.recorded_at, v.valid_from) for v in versions)
                + tuple(entry for point in own for entry in point.recorded),
            )
        )
    return subjects


def supply_facts(supply: Supply) -> dict[str, object]:
    """A supply as it stands in evidence."""
    return {
        "code": supply.code,
        "process": supply.process,
        "power_factor_class": supply.power_factor_class,
        "contract_kw": supply.contract_kw,
        "nominal_kv": supply.nominal_kv,
    }
