"""Refusals of the rooms below, which speak English and of fields, found again as texts that pages have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# A pattern of the whole refusal, and the text for it; its groups are the text's values.
Slips = tuple[tuple[re.Pattern[str], str], ...]


def slips_of(texts: Iterable[tuple[str, str]]) -> Slips:
    """Texts by the pattern of what they are said for."""
    return tuple((re.compile(pattern, re.DOTALL), message) for pattern, message in texts)


def found_in(slips: Slips, said: str) -> tuple[str, Mapping[str, str]] | None:
    """The text for a refusal with its values; None: there is none."""
    for pattern, message in slips:
        if found := pattern.fullmatch(said):
            return message, found.groupdict()
    return None
