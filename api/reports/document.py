"""A document: a title, facts, tables of typed cells, notes. Page, XLSX and PDF are made of the same one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# number: with a unit; count: how many; share: of one; change: a share with its sign; text: as it is.
Kind = Literal["text", "number", "count", "share", "change"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `value` None is unknown, and `why` says why; an empty text is nothing to say.

    Attributes:
        unit: of a number, where the column has none.
        note: beside the value: partial, provisional, estimated.
        look: `over` where a limit is broken; colour never says it alone.
        link: of the page.
    """

    value: str | float | None
    kind: Kind = "text"
    unit: str = ""
    why: str = ""
    note: str = ""
    look: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `unit` holds for all of it."""

    title: str
    numeric: bool = True
    unit: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Cells in the order of the columns; `level` 1 is a part of the row above."""

    cells: tuple[Cell, ...]
    level: int = 0
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `empty` is said where it has no rows. One that is only made where there are rows has nothing to say."""

    key: str
    title: str
    sub: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str = ""

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Neighbouring columns with the same group, and how many; nothing where there are no groups."""
        found: list[tuple[str, int]] = []
        for column in self.columns:
            if found and found[-1][0] == column.group:
                found[-1] = (column.group, found[-1][1] + 1)
            else:
                found.append((column.group, 1))
        return found if any(group for group, _ in found) else []


@dataclass(frozen=True, slots=True)
class Document:
    """What is printed, filed and shown."""

    title: str
    subject: str
    name: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    language: str


def text(value: str, *, link: str = "", note: str = "", look: str = "", why: str = "") -> Cell:
    """A cell of text."""
    return Cell(value, link=link, note=note, look=look, why=why)
