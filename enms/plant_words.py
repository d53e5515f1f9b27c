"""What a single word in a plant file may be; each raises ValueError with the reason."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from enms.units import ALIASES, UNITS

DISTRICT = "district"
"""The code of all plants together; no plant's."""
_CLOCK = re.compile(r"^([01]\d|2[0-3]):(00|15|30|45)$|^24:00$")


def code(value: str) -> str:
    """A code of anything in the file."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*", value):
        raise ValueError("a code has letters, digits, dot, dash and underscore")
    return value


def enterprise_code(value: str) -> str:
    """An enterprise's code."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", value):
        raise ValueError(
            "an enterprise code has small letters, digits, dash and underscore (it is part of MQTT topics)"
        )
    if value == DISTRICT:
        raise ValueError("district stands for all plants together; a plant has a code of its own")
    return value


def quarter_hour(value: str) -> str:
    """Wall time on a quarter hour."""
    if not _CLOCK.match(value):
        raise ValueError('a time on a quarter hour is wanted, such as "08:00"')
    return value


def known_unit(value: str) -> str:
    """A unit's symbol, or an alias of it."""
    symbol = ALIASES.get(value, value)
    if symbol not in UNITS:
        raise ValueError(f"unknown unit {value!r}; known: {', '.join(UNITS)}")
    return symbol


def zone(value: str) -> str:
    """A time zone that this machine knows."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"unknown time zone {value!r}") from error
    return value


def aware(value: datetime) -> datetime:
    """An instant with its offset."""
    if value.tzinfo is None:
        raise ValueError("an instant needs its offset, such as 2026-01-01T00:00:00+08:00")
    return value
