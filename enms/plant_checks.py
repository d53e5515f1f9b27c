"""What no single entry of a plant file shows: names that do not exist, are double, or do not fit together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from pydantic import BaseModel, ValidationError

from enms.budget import Budget
from enms.carriers import TceBasis, carriers
from enms.enpi import Enpi
from enms.enterprise import Enterprise, Process
from enms.generating_unit import GeneratingUnit
from enms.motor import Motor
from enms.points import Point
from enms.roster import Roster
from enms.site_factors import SiteCarbon, SiteFactor
from enms.supply import Supply
from enms.units import Dimension, unit

Location = Sequence[int | str]
_Entry = TypeVar("_Entry", bound=BaseModel)


_CODED = ("processes", "points", "enpis", "motors", "supplies", "budgets", "generating_units")


@dataclass(frozen=True, slots=True)
class Draft:
    """The entries of a file that are sound by themselves, at their places, and every code the file names.

    An unsound entry is reported elsewhere; its code still counts, so that one mistake does not look like ten.
    """

    processes: Mapping[int, Process]
    points: Mapping[int, Point]
    enpis: Mapping[int, Enpi]
    motors: Mapping[int, Motor]
    factors: Mapping[int, SiteFactor]
    carbon_factors: Mapping[int, SiteCarbon]
    supplies: Mapping[int, Supply]
    generating_units: Mapping[int, GeneratingUnit]
    shifts: frozenset[str]
    roster: Roster | None
    budgets: Mapping[int, Budget]
    codes: Mapping[str, tuple[str | None, ...]]

    @classmethod
    def of(cls, document: object) -> Self:
        """Whatever can be understood of a document."""
        content: dict[str, object] = dict(document) if isinstance(document, dict) else {}
        return cls(
            processes=_sound(content.get("processes"), Process),
            points=_sound(content.get("points"), Point),
            enpis=_sound(content.get("enpis"), Enpi),
            motors=_sound(content.get("motors"), Motor),
            factors=_sound(content.get("factors"), SiteFactor),
            carbon_factors=_sound(content.get("carbon_factors"), SiteCarbon),
            supplies=_sound(content.get("supplies"), Supply),
            generating_units=_sound(content.get("generating_units"), GeneratingUnit),
            shifts=_shifts(content.get("enterprise")),
            roster=next(iter(_sound([content.get("roster")], Roster).values()), None),
            budgets=_sound(content.get("budgets"), Budget),
            codes={group: _codes(content.get(group)) for group in _CODED},
        )


def _sound(entries: object, model: type[_Entry]) -> dict[int, _Entry]:
    found: dict[int, _Entry] = {}
    for i, entry in enumerate(entries if isinstance(entries, list) else ()):
        try:
            found[i] = model.model_validate(entry)
        except ValidationError:
            continue
    return found


def _shifts(enterprise: object) -> frozenset[str]:
    """Codes of the shifts; an enterprise that cannot be read has none, and is reported elsewhere."""
    found = next(iter(_sound([enterprise], Enterprise).values()), None)
    return frozenset(shift.code for shift in found.shifts) if found is not None else frozenset()


def _codes(entries: object) -> tuple[str | None, ...]:
    rows = entries if isinstance(entries, list) else []
    return tuple(str(row["code"]) if isinstance(row, dict) and "code" in row else None for row in rows)


def contradictions(plant: Draft) -> Iterator[tuple[Location, str]]:
    """What no single entry shows: names that do not exist, are double, or do not fit."""
    yield from _doubles(plant)
    yield from _parent_loops(plant)
    processes = {code for code in plant.codes["processes"] if code is not None}
    points = {code for code in plant.codes["points"] if code is not None}
    for i, process in plant.processes.items():
        if process.parent is not None and process.parent not in processes:
            yield ("processes", i, "parent"), f"unknown process {process.parent!r}"
    yield from _unknown_in_points(plant, points, processes)
    virtual_loops = list(_virtual_loops(plant))
    yield from virtual_loops
    if not virtual_loops:
        yield from _virtual_units(plant)
    yield from _unknown_in_enpis(plant, points, processes)
    yield from _enpis_of_units(plant)
    yield from _enpis_of_power(plant)
    yield from _unknown_in_motors(plant, points, processes)
    yield from _misfits_in_supplies(plant, points, processes)
    yield from _misfits_in_units(plant, points, processes)
    for i, day in enumerate(plant.roster.days if plant.roster is not None and plant.shifts else ()):
        for shift in day:
            if shift not in plant.shifts:
                yield (
                    ("roster", "days", i, shift),
                    f"unknown shift {shift!r}; there are {', '.join(sorted(plant.shifts))}",
                )
    yield from _misfits_in_budgets(plant, points)
    yield from _misfits_in_factors(plant)


def _unknown_in_points(plant: Draft, points: set[str], processes: set[str]) -> Iterator[tuple[Location, str]]:
    units = {p.code: p.unit for p in plant.points.values()}
    for i, point in plant.points.items():
        here = ("points", i)
        if point.process is not None and point.process not in processes:
            yield (*here, "process"), f"unknown process {point.process!r}"
        if point.carrier is not None and point.carrier not in carriers():
            yield (*here, "carrier"), f"unknown carrier {point.carrier!r}; known: {', '.join(carriers())}"
        for key in ("parent", "ncv"):
            other = getattr(point, key)
            if other is not None and other not in points:
                yield (*here, key), f"unknown point {other!r}"
        ncv_unit = units.get(point.ncv or "")
        if ncv_unit is not None and not unit(ncv_unit).dimension.startswith("heating_value"):
            yield (*here, "ncv"), f"{point.ncv} is in {ncv_unit}, which is not a heating value"
        for j, term in enumerate(point.virtual or ()):
            if term.point not in points:
                yield (*here, "virtual", j), f"unknown point {term.point!r}"


def _doubles(plant: Draft) -> Iterator[tuple[Location, str]]:
    for group, codes in plant.codes.items():
        seen: set[str] = set()
        for i, code in enumerate(codes):
            if code is not None and code in seen:
                yield (group, i, "code"), f"{code!r} is there twice"
            elif code is not None:
                seen.add(code)


def _parent_loops(plant: Draft) -> Iterator[tuple[Location, str]]:
    groups: dict[str, Mapping[int, Process | Point]] = {"processes": plant.processes, "points": plant.points}
    for group, entries in groups.items():
        parents = {entry.code: entry.parent for entry in entries.values()}
        for i, entry in entries.items():
            at, steps = entry.parent, 0
            while at is not None and at != entry.code and steps <= len(parents):
                at, steps = parents.get(at), steps + 1
            if at == entry.code:
                yield (group, i, "parent"), f"{entry.code!r} is its own ancestor"


def _virtual_loops(plant: Draft) -> Iterator[tuple[Location, str]]:
    terms = {p.code: [t.point for t in p.virtual or ()] for p in plant.points.values()}

    def reaches(code: str, target: str, seen: set[str]) -> bool:
        for other in terms.get(code, ()):
            if other == target:
                return True
            if other not in seen:
                seen.add(other)
                if reaches(other, target, seen):
                    return True
        return False

    for i, point in plant.points.items():
        if point.virtual and reaches(point.code, point.code, set()):
            yield ("points", i, "virtual"), f"{point.code!r} is a term of itself"


def _virtual_units(plant: Draft) -> Iterator[tuple[Location, str]]:
    by_code = {p.code: p for p in plant.points.values()}

    def leaves(point: Point) -> Iterator[str]:
        """Amount units of the metered points below a virtual one."""
        if point.virtual is None:
            yield point.config().amount_unit
        for term in point.virtual or ():
            if term.point in by_code:
                yield from leaves(by_code[term.point])

    for i, point in plant.points.items():
        units = set(leaves(point)) if point.virtual else set()
        if len(units) > 1:
            yield (
                ("points", i, "virtual"),
                f"terms in different units ({', '.join(sorted(units))}) do not add up",
            )


def _unknown_in_enpis(plant: Draft, points: set[str], processes: set[str]) -> Iterator[tuple[Location, str]]:
    for i, enpi in plant.enpis.items():
        here = ("enpis", i)
        if enpi.process is not None and enpi.process not in processes:
            yield (*here, "process"), f"unknown process {enpi.process!r}"
        for j, term in enumerate(enpi.energy):
            if term.point not in points:
                yield (*here, "energy", j), f"unknown point {term.point!r}"
        for j, code in enumerate(enpi.output):
            if code not in points:
                yield (*here, "output", j), f"unknown point {code!r}"
        for name, code in enpi.corrections.items():
            if code not in points:
                yield (*here, "corrections", name), f"unknown point {code!r}"


def _enpis_of_units(plant: Draft) -> Iterator[tuple[Location, str]]:
    units = {one.code for one in plant.generating_units.values()}
    for i, enpi in plant.enpis.items():
        if enpi.generating_unit is not None and enpi.generating_unit not in units:
            yield ("enpis", i, "generating_unit"), f"unknown generating unit {enpi.generating_unit!r}"
        if enpi.made_of:
            yield ("enpis", i, "made_of"), "unknown key"


def _enpis_of_power(plant: Draft) -> Iterator[tuple[Location, str]]:
    carrier = {point.code: point.carrier for point in plant.points.values()}
    for i, enpi in plant.enpis.items():
        if enpi.unit is None:
            continue
        others = sorted({t.point for t in enpi.energy if carrier.get(t.point, "electricity") != "electricity"})
        if others:
            yield ("enpis", i, "unit"), f"{enpi.unit} is for electricity alone: {', '.join(others)} is something else"
        if enpi.basis is not TceBasis.CALORIFIC:
            yield ("enpis", i, "unit"), f"{enpi.unit} is on the calorific basis"
        if enpi.limit is not None:
            yield ("enpis", i, "unit"), "a limit of the catalogue is in kgce/t or gce/kWh"


def _unknown_in_motors(plant: Draft, points: set[str], processes: set[str]) -> Iterator[tuple[Location, str]]:
    for i, motor in plant.motors.items():
        if motor.process is not None and motor.process not in processes:
            yield ("motors", i, "process"), f"unknown process {motor.process!r}"
        for name, code in motor.points:
            if code is not None and code not in points:
                yield ("motors", i, "points", name), f"unknown point {code!r}"


_SUPPLY_UNITS = {
    "active_energy": Dimension.ENERGY,
    "reactive_energy": Dimension.REACTIVE_ENERGY,
    "voltage": Dimension.VOLTAGE,
    "unbalance": Dimension.RATIO,
}


def _misfits_in_supplies(plant: Draft, points: set[str], processes: set[str]) -> Iterator[tuple[Location, str]]:
    units = {p.code: p.unit for p in plant.points.values()}
    for i, supply in plant.supplies.items():
        if supply.process is not None and supply.process not in processes:
            yield ("supplies", i, "process"), f"unknown process {supply.process!r}"
        for key, code in supply.points.items():
            if code not in points:
                yield ("supplies", i, key.split("[")[0]), f"unknown point {code!r}"
                continue
            symbol, wanted = units.get(code), _SUPPLY_UNITS.get(key, Dimension.VOLTAGE)
            if symbol is not None and unit(symbol).dimension is not wanted:
                yield (
                    ("supplies", i, key.split("[")[0]),
                    f"{code} is in {symbol}, which is no {wanted.replace('_', ' ')}",
                )
        if supply.nominal_kv is None and (supply.voltage is not None or supply.line_voltages is not None):
            yield ("supplies", i), "a voltage needs nominal_kv beside it"


def _misfits_in_units(plant: Draft, points: set[str], processes: set[str]) -> Iterator[tuple[Location, str]]:
    """Points of generating units that are not there, computed, or measure something else."""
    known = {p.code: p for p in plant.points.values()}
    for i, one in plant.generating_units.items():
        if one.process is not None and one.process not in processes:
            yield ("generating_units", i, "process"), f"unknown process {one.process!r}"
        for key, codes in one.points.items():
            for code in codes:
                point = known.get(code)
                if code not in points:
                    yield ("generating_units", i, key), f"unknown point {code!r}"
                elif point is not None and point.virtual:
                    yield ("generating_units", i, key), f"{code} is computed; a metered point is wanted"
                elif point is not None and key != "fuels" and not _is_energy(point.unit):
                    yield ("generating_units", i, key), f"{code} is in {point.unit}, which is no energy"


def _is_energy(symbol: str | None) -> bool:
    return symbol is None or unit(symbol).dimension is Dimension.ENERGY


def _misfits_in_budgets(plant: Draft, points: set[str]) -> Iterator[tuple[Location, str]]:
    carrier_of = {point.code: point.carrier for point in plant.points.values()}
    for i, budget in plant.budgets.items():
        for key in ("non_fossil", "feedstock"):
            for j, code in enumerate(getattr(budget, key)):
                if code not in points:
                    yield ("budgets", i, key, j), f"unknown point {code!r}"
                elif code in carrier_of and carrier_of[code] is None:
                    yield ("budgets", i, key, j), f"{code} has no carrier"
                elif key == "non_fossil" and carrier_of.get(code, "electricity") != "electricity":
                    yield ("budgets", i, key, j), f"{code} is no electricity"


def _misfits_in_factors(plant: Draft) -> Iterator[tuple[Location, str]]:
    """Factors of unknown carriers, two of one from the same day on, and carbon by a unit that nobody meters it in."""
    groups: dict[str, Mapping[int, SiteFactor | SiteCarbon]] = {
        "factors": plant.factors,
        "carbon_factors": plant.carbon_factors,
    }
    for group, entries in groups.items():
        seen: set[tuple[object, ...]] = set()
        for i, factor in entries.items():
            key = (factor.carrier, getattr(factor, "basis", None), factor.effective_from)
            if factor.carrier not in carriers():
                yield (group, i, "carrier"), f"unknown carrier {factor.carrier!r}"
            if key in seen:
                since = factor.effective_from
                yield (group, i), f"{factor.carrier} is there twice" + (f" for {since}" if since is not None else "")
            seen.add(key)
    for i, carbon in plant.carbon_factors.items():
        if carbon.unit is None:
            continue
        for point in plant.points.values():
            metered = point.config().amount_unit if point.carrier == carbon.carrier and point.virtual is None else None
            if metered is not None and unit(metered).dimension is not unit(carbon.unit).dimension:
                yield (
                    ("carbon_factors", i, "unit"),
                    f"{carbon.carrier} is metered in {metered} ({point.code}), which is not counted in {carbon.unit}",
                )
                break
