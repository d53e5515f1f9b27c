"""`?format=csv` of every table.

A cell of text that a spreadsheet would run (`=`, `+`, `-`, `@`, tab, CR in front) gets an apostrophe before it
(OWASP, CSV injection). Numbers and times are written as in JSON. The next page's cursor is in the header
X-Next-Cursor and in Link.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Literal
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from api.paging import Item, Page

Format = Literal["json", "csv"]
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_ROWS_A_CHUNK = 2000
# What Excel needs to take a file for UTF-8.
_BOM = "\ufeff"


def cell(value: object) -> str | int | float:
    """One value as CSV text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        value = "; ".join(str(part) for part in value)
    text = str(value)
    return f"'{text}" if text.startswith(_RISKY) else text


def answer(
    request: Request, page: Page[Item], model: type[Item], wanted: Format, *, name: str, bom: bool = False
) -> Response | Page[Item]:
    """The page as asked for.

    Args:
        request: for the address of the next page.
        page: what to send.
        model: its items' type; its flat fields are the columns.
        wanted: json or csv.
        name: of the file, without ending.
        bom: put UTF-8's mark in front, for Excel.
    """
    if wanted == "json":
        return Response(page.model_dump_json(), media_type="application/json")
    columns = list(model.model_fields)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    if page.next_cursor is not None:
        parameters = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        following = request.url.path + "?" + urlencode([*parameters, ("cursor", page.next_cursor)])
        headers |= {"X-Next-Cursor": page.next_cursor, "Link": f'<{following}>; rel="next"'}
    lines = _lines(columns, page.items, _BOM if bom else "")
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _lines(columns: Sequence[str], items: Sequence[BaseModel], mark: str) -> Iterator[str]:
    buffer = io.StringIO()
    buffer.write(mark)
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for index, item in enumerate(items, 1):
        writer.writerow([cell(_plain(getattr(item, column))) for column in columns])
        if index % _ROWS_A_CHUNK == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _plain(value: object) -> object:
    """Nested models as JSON text in one cell."""
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, list) and value and isinstance(value[0], BaseModel):
        return "[" + ",".join(part.model_dump_json() for part in value) + "]"
    return value
