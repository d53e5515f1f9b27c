"""The reference data of `enms/standards` as SQL, for views that cannot ask Python.

Written by `python -m grafana.build` to the repeatable migration that `REFERENCE_SQL` names; a test holds file and
data together. Which factor or limit holds is decided in the views by the dates given here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from enms.carbon import carbon_factors
from enms.carriers import carriers
from enms.catalogue import catalogue
from enms.units import UNITS

REFERENCE_SQL = Path(__file__).parent.parent / "db" / "migrations" / "repeatable" / "60_grafana_1_reference.sql"
Cell = str | float | int | bool | date | None

_HEAD = """\
-- Generated from enms/standards and enms/units.py by `python -m grafana.build`; a test holds them together.
-- Nothing here is checked against the official texts: `review` and the sources are in enms/standards.
"""


def reference_sql() -> str:
    """The whole script."""
    return f"{_HEAD}\n{_units()}\n{_carriers()}\n{_carbon()}\n{_limits()}\n{_corrections()}"


def _units() -> str:
    rows = [(u.symbol, str(u.dimension), u.factor, u.per_hour, u.amount_per_hour) for u in UNITS.values()]
    return _table(
        "unit",
        ("symbol text", "dimension text", "factor float8", "per_hour text", "amount_per_hour float8"),
        rows,
        "Units and how many of their dimension's base unit one is.",
    )


def _carriers() -> str:
    rows: list[Sequence[Cell]] = []
    for carrier in carriers().values():
        factor = carrier.default
        kgce, unit = (factor.kgce, factor.unit) if factor is not None else (None, carrier.unit)
        rows.append((carrier.code, carrier.name_zh, carrier.name_en, unit, kgce))
    return _table(
        "carrier",
        ("code text", "name_zh text", "name_en text", "unit text", "kgce float8"),
        rows,
        "Energy carriers; kgce per unit on the calorific basis (GB/T 2589-2020), NULL where no default is safe.",
    )


def _carbon() -> str:
    rows = [
        (f.carrier, None if day == date.min else day, f.tco2_per_gj, f.tco2_per_unit, f.unit, f.source)
        for day, f in carbon_factors()
    ]
    return _table(
        "carbon_factor",
        (
            "carrier text",
            "effective_from date",
            "tco2_per_gj float8",
            "tco2_per_unit float8",
            "unit text",
            "source text",
        ),
        rows,
        "tCO2 per GJ of a fuel, or per unit of electricity or heat; effective_from NULL: for all days.",
    )


def _limits() -> str:
    rows = [
        (
            row.edition.standard,
            row.edition.edition,
            row.edition.effective_from,
            row.edition.effective_to,
            item,
            *row.levels,
            row.unit,
            row.edition.existing_level,
            row.edition.new_level,
        )
        for row in catalogue().rows
        for item in (row.item, *row.also)
    ]
    columns = (
        "standard text",
        "edition text",
        "effective_from date",
        "effective_to date",
        "item text",
        "level1 float8",
        "level2 float8",
        "level3 float8",
        "unit text",
        "existing_level int",
        "new_level int",
    )
    return _table(
        "limit_row",
        columns,
        rows,
        key="item",
        comment="National limits before corrections; effective_to is the last day.",
    )


def _corrections() -> str:
    seen = {
        (
            row.edition.edition,
            item,
            c.input,
            str(c.rule),
            c.value,
            c.below,
            c.above,
            c.at_most_points,
            c.unit,
            c.required,
            c.levels == (1, 2, 3),
        )
        for row in catalogue().rows
        for item in (row.item, *row.also)
        for c in row.corrections
    }
    columns = (
        "edition text",
        "item text",
        "input text",
        "rule text",
        "value float8",
        "below float8",
        "above float8",
        "at_most_points float8",
        "unit text",
        "required bool",
        "every_level bool",
    )
    rows = sorted(seen, key=lambda row: tuple(str(cell) for cell in row))
    return _table(
        "limit_correction", columns, rows, "What a declared circumstance does to a limit.", key="edition, item"
    )


def _table(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], comment: str, key: str | None = None
) -> str:
    """A table, not a view of VALUES: those have no index, and are gone through for every row that is joined.

    Put together as text, since it is written to a file: names and types are this module's own, values are quoted.
    """
    names = [column.split()[0] for column in columns]
    types = [column.split()[1] for column in columns]
    lines = [f"    ({', '.join(_cell(cell) for cell in row)})" for row in rows]
    casts = ", ".join(f"{n}::{t} AS {n}" for n, t in zip(names, types, strict=True))
    return (
        f"CREATE TABLE grafana_inner.{name} AS\nSELECT {casts}\nFROM (VALUES\n"
        + ",\n".join(lines)
        + f"\n) AS row ({', '.join(names)});\n"
        + f"CREATE INDEX ON grafana_inner.{name} ({key or names[0]});\nANALYZE grafana_inner.{name};\n"
        + f"COMMENT ON TABLE grafana_inner.{name} IS {_cell(comment)};\n"
    )


def _cell(value: Cell) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case date():
            return f"'{value.isoformat()}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
