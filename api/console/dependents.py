"""What stands on a point: virtual points, EnPIs, motors, the rules that judge them, and their open alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from api.deps import Context
from db import alerts, rules, views
from db.alerts import Filter
from db.enpi_model import EnpiModel, enpi_models
from db.motors import motor_versions
from db.plants import EnterpriseRow
from db.views import PointRow

_MOST_ALERTS = 1000


@dataclass(frozen=True, slots=True)
class Spoils:
    """What is spoiled where a point's data is missing or wrong.

    Attributes:
        enpis: number and code of each, by code.
        motors, rules: codes.
        alerts: ids of open alerts about the point or about what stands on it.
    """

    enpis: tuple[tuple[int, str], ...] = ()
    motors: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    alerts: tuple[int, ...] = ()


async def dependents(context: Context, owner: EnterpriseRow, points: Sequence[PointRow]) -> dict[str, Spoils]:
    """By point code; kept until the ledger publishes."""
    return await context.kept.get("dependents", owner.e, lambda: _dependents(context, owner, points))


async def _dependents(context: Context, owner: EnterpriseRow, points: Sequence[PointRow]) -> dict[str, Spoils]:
    numbers = {code: number for number, code in await views.enpis(context.pool, owner.e)}
    async with context.pool.acquire() as connection:
        models = [m for m in await enpi_models(connection, owner) if not m.current.retired]
        motors = await motor_versions(connection, owner.e)
        subjects = await rules.subjects(connection, owner.e)
        firing = await alerts.list_alerts(connection, [owner.e], Filter(state="firing"), limit=_MOST_ALERTS)
    by_enpi = _turned((model.code, points_of(model)) for model in models)
    by_motor = _turned(
        (code, {name for name in versions[-1].motor.points.model_dump().values() if name})
        for code, versions in motors.items()
        if not versions[-1].retired
    )
    watching: dict[str, set[str]] = defaultdict(set)
    for row in subjects:
        if row.ended_at is None:
            watching[row.subject].add(row.rule)
    about: dict[str, list[int]] = defaultdict(list)
    for alert in firing:
        about[alert.subject].append(alert.id)
    found = {}
    for point in points:
        enpis, own = sorted(by_enpi[point.code]), sorted(by_motor[point.code])
        standing = (point.code, *enpis, *own)
        found[point.code] = Spoils(
            enpis=tuple((numbers[code], code) for code in enpis),
            motors=tuple(own),
            rules=tuple(sorted({rule for code in standing for rule in watching.get(code, ())})),
            alerts=tuple(sorted(number for code in standing for number in about.get(code, ()))),
        )
    return found


def points_of(model: EnpiModel) -> set[str]:
    """Every metered point an EnPI's value stands on: boundary, outputs, heating values, corrections' inputs."""
    leaves = {leaf.point.code for leaf in model.leaves(model.current)}
    values = {leaf.point.ncv for leaf in model.leaves(model.current) if leaf.point.ncv is not None}
    return leaves | values | set(model.current.enpi.corrections.values())


def _turned(pairs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name, codes in pairs:
        for code in codes:
            found[code].add(name)
    return found
