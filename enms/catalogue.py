"""National limits with their editions and dates: which one binds whom on a day.

The data is `standards/*.yaml` of kind `consumption_limits`; nothing there was checked against the official text,
and `review` says so wherever a limit is shown. Levels: 3 binds existing lines, 2 new or expanded ones, 1 is a target.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from enms.carriers import TceBasis
from enms.catalogue_file import Correcting, LimitsFile, parse_limits
from enms.errors import InputError, Mistake, NotFoundError
from enms.names import Name

FOLDER = Path(__file__).parent / "standards"
Levels = tuple[float | None, float | None, float | None]
# Units of limits that EnPIs have another unit for.
_PRINTED = {"tce/t": ("kgce/t", 1e3)}


@dataclass(frozen=True, slots=True)
class Correction:
    """What a circumstance does to the limit of an item.

    Attributes:
        input: its name under an EnPI's `corrections`.
        rule: what it does (docs/standards.md, "Corrections").
        value: per point of `unit`, or the addition, or the factor.
        below, above, at_most_points: which points count.
        table: (input, addition) of `table` and `steps`.
        levels: which levels it changes.
        required: no verdict without it being declared.
    """

    input: str
    rule: Correcting
    value: float
    below: float | None
    above: float | None
    at_most_points: float | None
    table: tuple[tuple[float, float], ...]
    levels: tuple[int, ...]
    unit: str
    required: bool
    name: Name


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a standard.

    Attributes:
        effective_from, effective_to: days on which it holds, the last included; None is open.
    """

    standard: str
    edition: str
    title: Name
    effective_from: date
    effective_to: date | None
    existing_level: int
    new_level: int

    def holds_on(self, day: date) -> bool:
        """Whether it is the one for that day."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A row of an edition's table.

    Attributes:
        also: items of other editions that this row is the limit of.
        levels: levels 1, 2 and 3 in `unit`; None where the standard has none.
        unit: kgce/t where the standard prints tce/t: EnPIs are in it.
        printed_unit: the standard's own.
        period: statistical period it is meant for.
    """

    edition: Edition
    item: str
    also: tuple[str, ...]
    name: Name
    levels: Levels
    unit: str
    printed_unit: str
    basis: TceBasis
    boundary: Name
    denominator: Name
    period: str
    clause: str
    source: str
    confidence: str
    review: str
    corrections: tuple[Correction, ...]


@dataclass(frozen=True, slots=True)
class BindingLimit:
    """The limit of an item for one line on one day, before corrections.

    Attributes:
        level: 2 or 3, the level that binds this line.
        value: that level's limit; None where the standard has none for it.
        because: `existing`, `new`, or `undated`: no commissioning date is known and the line counts as existing.
    """

    row: LimitRow
    level: int
    value: float | None
    because: str
    commissioned: date | None


class Catalogue:
    """Every edition that was loaded."""

    def __init__(self, files: Iterable[LimitsFile]) -> None:
        """Take the editions in.

        Raises:
            InputError: two editions of one standard hold on the same day.
        """
        self._rows: dict[str, list[LimitRow]] = {}
        self._editions: dict[str, list[Edition]] = {}
        for file in sorted(files, key=lambda f: f.effective_from):
            self._add(file)

    def _add(self, file: LimitsFile) -> None:
        edition = Edition(
            standard=file.standard,
            edition=file.edition,
            title=file.title,
            effective_from=file.effective_from,
            effective_to=file.effective_to,
            existing_level=file.binds.existing,
            new_level=file.binds.new,
        )
        for other in self._editions.setdefault(file.standard, []):
            if other.effective_to is None or other.effective_to >= file.effective_from:
                reason = f"holds at the same time as {other.edition}: give that one an effective_to"
                raise InputError(file.edition, [Mistake("effective_from", reason)])
        self._editions[file.standard].append(edition)
        self._rows[file.edition] = [
            LimitRow(
                edition=edition,
                item=row.item,
                also=row.also,
                name=row.name,
                levels=_scaled(row.levels, row.unit),
                unit=_PRINTED.get(row.unit, (row.unit, 1.0))[0],
                printed_unit=row.unit,
                basis=row.basis,
                boundary=row.boundary,
                denominator=row.denominator,
                period=row.period,
                clause=row.clause,
                source=row.source,
                confidence=row.confidence,
                review=row.review,
                corrections=tuple(
                    Correction(
                        input=c.input,
                        rule=c.rule,
                        value=c.value,
                        below=c.below,
                        above=c.above,
                        at_most_points=c.at_most_points,
                        table=c.table,
                        levels=c.levels,
                        unit=c.unit,
                        required=c.required,
                        name=c.name,
                    )
                    for c in file.corrections
                    if row.item in c.items
                ),
            )
            for row in file.limits
        ]

    @property
    def rows(self) -> tuple[LimitRow, ...]:
        """Every row, by standard, edition and place in its table."""
        return tuple(row for edition in sorted(self._rows) for row in self._rows[edition])

    def editions(self, standard: str) -> tuple[Edition, ...]:
        """Editions of a standard, or the one of that name, first to take effect first; empty where there is none."""
        family = (e for es in self._editions.values() for e in es if standard in {e.standard, e.edition})
        return tuple(sorted(family, key=lambda e: e.effective_from))

    def edition_on(self, standard: str, day: date) -> Edition | None:
        """The edition of a standard that holds on a day; None where the catalogue has none.

        Args:
            standard: "GB 21256" for whichever edition holds, or "GB 21256-2025" for that one only.
            day: local day.

        Raises:
            NotFoundError: the catalogue does not know the standard at all.
        """
        family = self.editions(standard)
        if not family:
            raise NotFoundError(f"the catalogue has no standard {standard!r}")
        return next((e for e in family if e.holds_on(day)), None)

    def limit_for(self, standard: str, item: str, *, on: date, commissioned: date | None) -> BindingLimit | None:
        """The limit that binds a line on a day, before corrections; None where no edition holds on that day.

        Args:
            standard: with or without the year of an edition.
            item: the row's key, `blast_furnace`.
            on: local day.
            commissioned: when the line came into service.

        Raises:
            NotFoundError: unknown standard or item.
        """
        edition = self.edition_on(standard, on)
        if edition is None:
            return None
        row = next((r for r in self._rows[edition.edition] if item in {r.item, *r.also}), None)
        if row is None:
            raise NotFoundError(f"{edition.edition} has no item {item!r}")
        new = commissioned is not None and commissioned >= edition.effective_from
        level = edition.new_level if new else edition.existing_level
        because = "new" if new else "existing" if commissioned is not None else "undated"
        return BindingLimit(row, level, row.levels[level - 1], because, commissioned)


def _scaled(levels: Levels, unit: str) -> Levels:
    """Levels in the unit of EnPIs; rounded, so that 1.69 tce/t is 1690 kgce/t."""
    factor = _PRINTED.get(unit, (unit, 1.0))[1]
    first, second, third = (None if v is None else round(v * factor, 9) for v in levels)
    return first, second, third


def read_catalogue(folder: Path) -> Catalogue:
    """The catalogue in a folder's limits files.

    Raises:
        InputError: a row without edition, dates, clause, source or review, or of confidence C.
    """
    files = []
    for path in sorted(folder.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if "kind: consumption_limits" in text:
            files.append(parse_limits(text, path.name))
    return Catalogue(files)


@cache
def catalogue() -> Catalogue:
    """The bundled catalogue."""
    return read_catalogue(FOLDER)


def limit_for(standard: str, item: str, *, on: date, commissioned: date | None) -> BindingLimit | None:
    """`Catalogue.limit_for` of the bundled catalogue."""
    return catalogue().limit_for(standard, item, on=on, commissioned=commissioned)
