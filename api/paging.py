"""Pages: `limit` and an opaque `cursor`, and the one shape every list answers with."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from api.problems import TooMuchError
from enms.errors import InputError, Mistake

Item = TypeVar("Item", bound=BaseModel)
Row = TypeVar("Row")
# CONTRACT: a page of at least 1 000 may always be asked for.
DEFAULT_LIMIT = 1000
# Thirteen months of quarter hours are 38 016.
DEFAULT_SERIES_LIMIT = 50_000

Key = int | float | str | datetime


class Page(BaseModel, Generic[Item]):
    """A list: one page of it, and where the next begins (null at the end)."""

    items: list[Item]
    next_cursor: str | None = Field(default=None, description="Give it back as `cursor`; null on the last page")


def encode(kind: str, *keys: Key) -> str:
    """An opaque cursor for the row with these keys; `kind` keeps lists from taking each other's."""
    texts = [key.isoformat() if isinstance(key, datetime) else key for key in keys]
    return base64.urlsafe_b64encode(json.dumps([kind, *texts]).encode()).rstrip(b"=").decode()


def decode(kind: str, cursor: str, count: int) -> list[int | float | str]:
    """The keys within a cursor.

    Raises:
        InputError: not a cursor of this list.
    """
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(found, list) and len(found) == count + 1 and found[0] == kind:
            keys: list[int | float | str] = found[1:]
            return keys
    except (ValueError, binascii.Error):
        pass
    raise _strange()


def decode_time(value: float | str) -> datetime:
    """An instant within a cursor.

    Raises:
        InputError: not one.
    """
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise _strange() from None
    # a span can still be added to it, or taken away
    if found.tzinfo is None or not MINYEAR < found.year < MAXYEAR:
        raise _strange()
    return found


def decode_number(value: float | str, most: int = 2**63 - 1) -> int:
    """A number within a cursor, as large as the database's column takes.

    Raises:
        InputError: not one.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise _strange()
    return value


def number_in(kind: str, cursor: str | None) -> int | None:
    """The only key, a number, of a list's cursor; None: there is no cursor.

    Raises:
        InputError: not a cursor of this list.
    """
    return decode_number(decode(kind, cursor, 1)[0]) if cursor else None


def _strange() -> InputError:
    return InputError("", [Mistake("query.cursor", "not a cursor of this list")])


def check_limit(limit: int | None, most: int, default: int = DEFAULT_LIMIT) -> int:
    """How many rows to answer with: what was asked for, else the default.

    Raises:
        TooMuchError: more than ENMS_API_MAX_ROWS.
    """
    if limit is None:
        return min(default, most)
    if limit > most:
        raise TooMuchError(f"query.limit: at most {most} rows an answer; use cursor for the next ones")
    return limit


def cut(rows: Sequence[Row], limit: int, key: Callable[[Row], str]) -> tuple[Sequence[Row], str | None]:
    """The page, and the cursor behind its last row; ask for one row more than `limit` and give all of them."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], key(rows[limit - 1])
