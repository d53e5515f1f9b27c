"""An EnPI's steps as an energy baseline needs them: boundary energy beside the relevant variables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

import asyncpg

from db.enpi_model import EnpiModel, EnpiVersion, enpi_models
from db.enpi_spans import enpi_step
from db.metered import MeteredPoint, metered_points, window_sums
from db.performance import values_of
from db.plants import EnterpriseRow
from enms.baseline import OUTPUT
from enms.errors import ConflictError
from enms.performance import EnpiValue, State

PROCESS = "{process}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A relevant variable as a rule names it; `{process}` in a code stands for the EnPI's process."""

    kind: Literal["output", "point", "enpi"]
    code: str = OUTPUT

    def of(self, model: EnpiModel) -> Wanted:
        """For one EnPI."""
        return Wanted(self.kind, self.code.replace(PROCESS, model.current.enpi.process or ""))


@dataclass(frozen=True, slots=True)
class Drawn:
    """An EnPI with its variables found.

    Attributes:
        missing: codes that are not there, or cannot be had at this resolution.
    """

    model: EnpiModel
    wanted: tuple[Wanted, ...]
    points: Mapping[str, MeteredPoint]
    enpis: Mapping[str, EnpiModel]
    missing: tuple[str, ...]

    def unit(self, one: Wanted) -> str:
        """A variable's unit."""
        if one.kind == "point":
            return self.points[one.code].amount_unit
        return self.model.ratio.output if one.kind == "output" else self.enpis[one.code].ratio.symbol


@dataclass(frozen=True, slots=True)
class VariableValue:
    """A variable over a step.

    Attributes:
        amount: of a point: over the covered seconds (the mean over them where `mean`); else the value itself.
    """

    kind: str
    code: str
    unit: str
    amount: float | None
    mean: bool
    window_s: float
    covered_s: float

    @property
    def completeness(self) -> float:
        return min(1.0, self.covered_s / self.window_s) if self.window_s > 0 else 0.0

    @property
    def value(self) -> float | None:
        """Over the whole step, at the mean of what was covered."""
        if self.amount is None or self.covered_s <= 0:
            return None
        return self.amount if self.mean or self.kind != "point" else self.amount / self.completeness


@dataclass(frozen=True, slots=True)
class Drawing:
    """A step: the EnPI's value (its energy and output are in it) and the variables.

    Attributes:
        boundary: fingerprint of the boundary that held.
    """

    start: datetime
    end: datetime
    value: EnpiValue | None
    variables: tuple[VariableValue, ...]
    boundary: str

    @property
    def energy(self) -> float | None:
        """Boundary energy, kgce, gaps filled in at its own mean."""
        return self.value.whole_energy_kgce if self.value is not None else None

    @property
    def output(self) -> float | None:
        return self.value.whole_output if self.value is not None else None

    def withheld(self, min_completeness: float) -> str:
        """Why nothing can be said of it; empty: it counts."""
        if self.value is None:
            return "no_value"
        if self.value.state is not State.KNOWN:
            return str(self.value.reason) if self.value.reason is not None else "no_value"
        if self.value.completeness < min_completeness:
            return "incomplete"
        for one in self.variables:
            if one.value is None:
                return f"variable_missing: {one.code}"
            if one.completeness < min_completeness:
                return f"variable_incomplete: {one.code}"
        return ""

    @property
    def x(self) -> tuple[float, ...]:
        """The variables, all known."""
        return tuple(one.value for one in self.variables if one.value is not None)


def boundary_print(version: EnpiVersion) -> str:
    """Fingerprint of what an EnPI's energy and output are made of: a change of it is another baseline."""
    enpi = version.enpi
    made_of: dict[str, object] = {
        "energy": sorted([term.point, term.sign] for term in enpi.energy),
        "output": sorted(enpi.output),
        "basis": enpi.basis,
    }
    if enpi.made_of:
        made_of["generating_unit"] = {key: sorted(codes) for key, codes in enpi.made_of.items()}
    return sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


async def drawn(
    connection: asyncpg.Connection,
    enterprise: EnterpriseRow,
    models: Sequence[EnpiModel],
    wanted: Sequence[Wanted],
    resolution: str,
) -> list[Drawn]:
    """EnPIs with the variables that a rule names."""
    asked = {model.code: tuple(one.of(model) for one in wanted) for model in models}
    kinds = {one.kind for found in asked.values() for one in found}
    points = {q.code: q for q in await metered_points(connection, enterprise.e)} if "point" in kinds else {}
    others: dict[str, EnpiModel] = {}
    if "enpi" in kinds:
        others = {m.code: m for m in await enpi_models(connection, enterprise) if _possible(m, resolution)}
    found = []
    for model in models:
        own = asked[model.code]
        missing = [one.code for one in own if one.kind == "point" and one.code not in points]
        missing += [one.code for one in own if one.kind == "enpi" and one.code not in others]
        found.append(
            Drawn(
                model,
                own,
                {one.code: points[one.code] for one in own if one.kind == "point" and one.code in points},
                {one.code: others[one.code] for one in own if one.kind == "enpi" and one.code in others},
                tuple(missing),
            )
        )
    return found


def _possible(model: EnpiModel, resolution: str) -> bool:
    try:
        enpi_step(model, resolution)
    except ConflictError:
        return False
    return not model.current.retired


async def drawings(
    connection: asyncpg.Connection,
    subject: Drawn,
    resolution: str,
    steps: Sequence[tuple[datetime, datetime]],
) -> list[Drawing]:
    """Every step, whole ones of the enterprise's own calendar, in order of time.

    Args:
        connection: idle or in a transaction.
        subject: nothing of it missing.
        resolution: shift or day.
        steps: what is asked; nothing after the end of the last one counts.
    """
    if not steps:
        return []
    start, end = steps[0][0], steps[-1][1]
    model, e = subject.model, subject.model.enterprise.e
    own = {v.end: v for v in await values_of(connection, model, start, end, resolution, now=end) if not v.provisional}
    sums = await window_sums(connection, e, [q.p for q in subject.points.values()], list(steps))
    beside: dict[str, dict[datetime, EnpiValue]] = {}
    for code, other in subject.enpis.items():
        values = await values_of(connection, other, start, end, resolution, now=end)
        beside[code] = {v.end: v for v in values if not v.provisional}
    found = []
    for lo, hi in steps:
        window_s = (hi - lo).total_seconds()
        variables = []
        for one in subject.wanted:
            if one.kind == "point":
                point = subject.points[one.code]
                known = sums.get((point.p, lo))
                amount = known.amount if known is not None else None
                covered = known.covered_s if known is not None else 0.0
                mean = point.aggregate == "mean"
            else:
                value = own.get(hi) if one.kind == "output" else beside[one.code].get(hi)
                amount = None if value is None else value.whole_output if one.kind == "output" else value.value
                covered = value.completeness * window_s if value is not None else 0.0
                mean = False
            variables.append(VariableValue(one.kind, one.code, subject.unit(one), amount, mean, window_s, covered))
        version = model.version_at(lo) or model.current
        found.append(Drawing(lo, hi, own.get(hi), tuple(variables), boundary_print(version)))
    return found
