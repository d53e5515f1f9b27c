"""Instants on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from enms.errors import InputError, Mistake


def instant_option(option: str, text: str) -> datetime:
    """The aware UTC instant of an option.

    Raises:
        InputError: it is not RFC 3339 with an offset.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(option, [Mistake("", f"{text!r} is not an RFC 3339 instant")]) from error
    if instant.tzinfo is None:
        raise InputError(option, [Mistake("", f"{text!r} has no offset, such as +08:00")])
    return instant.astimezone(UTC)
