"""Columns as PostgreSQL's binary COPY format, built in one go.

A row costs about 0.1 us this way; encoding tuples one value at a time costs more than decoding the messages they
came in. Format: https://www.postgresql.org/docs/18/sql-copy.html, "Binary Format".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

import asyncpg
import numpy as np
import numpy.typing as npt

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # no flags, no header extension
_TRAILER = b"\xff\xff"
# Microseconds between 1970-01-01 and 2000-01-01, where PostgreSQL's timestamps begin.
_POSTGRES_EPOCH = 946_684_800_000_000

Kind = Literal["int2", "int4", "float8", "timestamptz"]
_WIRE: dict[Kind, str] = {"int2": ">i2", "int4": ">i4", "float8": ">f8", "timestamptz": ">i8"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column to copy; a timestamptz is int64 microseconds since 1970."""

    name: str
    kind: Kind
    values: npt.NDArray[np.generic]


def encode(columns: Sequence[Column], last_is_null: npt.NDArray[np.bool_] | None = None) -> bytes:
    """The rows on the wire, signature and trailer included.

    Args:
        columns: of one length, without NULLs,
        last_is_null: except where the last column is NULL.
    """
    fields = [("fields", ">i2")]
    for column in columns:
        fields += [(f"{column.name} length", ">i4"), (column.name, _WIRE[column.kind])]
    layout = np.dtype(fields)
    rows = np.empty(len(columns[0].values), layout)
    rows["fields"] = len(columns)
    for column in columns:
        rows[f"{column.name} length"] = layout[column.name].itemsize
        rows[column.name] = column.values - _POSTGRES_EPOCH if column.kind == "timestamptz" else column.values
    return _SIGNATURE + _body(rows, columns[-1].name, last_is_null) + _TRAILER


def _body(rows: npt.NDArray[np.void], last: str, last_is_null: npt.NDArray[np.bool_] | None) -> bytes:
    if last_is_null is None:
        return rows.tobytes()
    # A NULL is a length of -1 and no bytes: cut the bytes out.
    rows[f"{last} length"][last_is_null] = -1
    octets = rows.view(np.uint8).reshape(len(rows), rows.itemsize)
    kept = np.ones(octets.shape, np.bool_)
    kept[last_is_null, rows.itemsize - rows.dtype[last].itemsize :] = False
    return octets[kept].tobytes()


async def copy_in(connection: asyncpg.Connection, table: str, names: Sequence[str], encoded: bytes) -> None:
    """COPY what `encode` made into those columns of `table`."""

    async def source() -> AsyncIterator[bytes]:
        yield encoded

    await connection.copy_to_table(table, source=source(), columns=names, format="binary")
