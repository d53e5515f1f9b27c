"""A document as a workbook: one sheet a table, numbers as numbers with their format, unknown as a dash with its reason.

Text that a spreadsheet would run (`=`, `+`, `-`, `@`, tab, CR in front) gets an apostrophe before it, as in CSV; no
cell is ever written as a formula or a link.
"""

from __future__ import annotations

import io
import re
from typing import Any

from xlsxwriter import Workbook

from api.console.numbers import DASH, symbol
from api.csv_out import cell as safe
from api.reports.document import Cell, Document, Table

_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
_LONGEST_NAME = 31
_WIDEST = 48
# As Excel formats: thousands, the sign in front, unknown never looks like zero.
_FORMATS = {
    "number": "#,##0.000", "large": "#,##0.0", "count": "#,##0", "share": "0.0%", "change": "+0.0%;-0.0%;0.0%",
}  # fmt: skip


def workbook(document: Document) -> bytes:
    """The document as XLSX."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }  # fmt: skip
    with Workbook(buffer, options) as book:
        book.set_properties({"title": document.title, "subject": document.subject})
        looks = _Looks(book)
        _cover(book, looks, document)
        names: set[str] = set()
        for table in document.tables:
            _sheet(book, looks, table, names)
    return buffer.getvalue()


class _Looks:
    """The formats of a workbook."""

    def __init__(self, book: Any) -> None:
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.group = book.add_format({"bold": True, "align": "center", "bottom": 1})
        self.plain = book.add_format({"valign": "top"})
        self.part = book.add_format({"valign": "top", "indent": 1})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.unknown = book.add_format({"align": "right", "font_color": "#777777"})
        self.over = book.add_format({"bold": True, "valign": "top"})
        self.numbers = {name: book.add_format({"num_format": code}) for name, code in _FORMATS.items()}


def _cover(book: Any, looks: _Looks, document: Document) -> None:
    sheet = book.add_worksheet(_name(document.title, set()))
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 88)
    sheet.write_string(0, 0, str(safe(document.title)), looks.title)
    sheet.write_string(1, 0, str(safe(document.subject)), looks.plain)
    row = 3
    for label, value in document.facts:
        sheet.write_string(row, 0, str(safe(label)), looks.plain)
        sheet.write_string(row, 1, str(safe(value)), looks.wrapped)
        row += 1
    for note in document.notes:
        row += 1
        sheet.write_string(row, 1, str(safe(note)), looks.wrapped)


def _sheet(book: Any, looks: _Looks, table: Table, names: set[str]) -> None:
    sheet = book.add_worksheet(_name(table.title, names))
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    first = 0
    if table.groups:
        at = 0
        for group, count in table.groups:
            if count > 1:
                sheet.merge_range(0, at, 0, at + count - 1, str(safe(group)), looks.group)
            else:
                sheet.write_string(0, at, str(safe(group)), looks.group)
            at += count
        first = 1
    for n, column in enumerate(table.columns):
        title = f"{column.title} ({symbol(column.unit)})" if column.unit else column.title
        sheet.write_string(first, n, str(safe(title)), looks.head)
        width = max([len(title) * 1.6, *(_width(row.cells[n]) for row in table.rows)])
        sheet.set_column(n, n, min(_WIDEST, max(9.0, width)))
    sheet.freeze_panes(first + 1, 1)
    for r, row in enumerate(table.rows, first + 1):
        for c, one in enumerate(row.cells):
            _write(sheet, looks, r, c, one, part=row.level > 0 and c == 0)
    if not table.rows:
        sheet.write_string(first + 1, 0, str(safe(table.empty)), looks.plain)


def _write(sheet: Any, looks: _Looks, r: int, c: int, one: Cell, *, part: bool) -> None:
    remark = "; ".join(text for text in (one.why, one.note) if text)
    if one.value is None:
        sheet.write_string(r, c, DASH, looks.unknown)
    elif isinstance(one.value, str):
        look = looks.part if part else looks.over if one.look == "over" else looks.plain
        sheet.write_string(r, c, str(safe(one.value)), look)
    else:
        kind = "large" if one.kind == "number" and abs(one.value) >= 1000 else one.kind
        sheet.write_number(r, c, one.value, looks.numbers[kind])
    if remark:
        sheet.write_comment(r, c, str(safe(remark)))


def _width(one: Cell) -> float:
    """Of a text, Chinese counting double; a number has twelve characters."""
    if not isinstance(one.value, str):
        return 12.0
    return sum(2.0 if ord(char) > 0x2E80 else 1.1 for char in one.value) + 2


def _name(title: str, taken: set[str]) -> str:
    """A sheet's name: short, without the characters that may not be in one, used once."""
    name = _FORBIDDEN.sub(" ", title)[:_LONGEST_NAME].strip() or "1"
    n = 2
    while name.lower() in taken:
        name = f"{name[: _LONGEST_NAME - 3]} {n}"
        n += 1
    taken.add(name.lower())
    return name
