"""What an alert stood on, frozen as canonical JSON: the same data gives the same text, in whatever order it came.

Numbers are decimals of ten significant digits, written as strings; instants are UTC; keys are sorted. Nothing in it is
an id, a clock or a revision number. The hash is SHA-256 of the text in UTF-8.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from hashlib import sha256

from db.plants import EnterpriseRow
from rules.definition import Rule

SCHEMA = 1
_DIGITS = 10
# Of the rule: what is said about an answer, and the hash of its whole wording.
_TOLD = ("title", "source", "wording")


def decimal(value: float) -> str:
    """Ten significant digits, plain notation, no trailing zeros, no negative zero."""
    text = format(Decimal(f"{value:.{_DIGITS}g}"), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def canonical(value: object) -> object:
    """Plain values in their one spelling; sequences keep their order."""
    match value:
        case None | bool() | str() if not isinstance(value, Enum):
            return value
        case Enum():
            return canonical(value.value)
        case int() | float():
            return decimal(float(value))
        case date():
            return (value.astimezone(UTC) if isinstance(value, datetime) else value).isoformat().replace("+00:00", "Z")
        case Mapping():
            return {str(key): canonical(item) for key, item in value.items()}
        case list() | tuple():
            return [canonical(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in evidence")


def digest(text: str) -> str:
    """The hash of an evidence's text."""
    return sha256(text.encode()).hexdigest()


def freeze(enterprise: EnterpriseRow, rule: Rule, subject: str, found: Mapping[str, object]) -> tuple[str, str]:
    """Evidence as text, and its hash.

    Args:
        enterprise: whose.
        rule: as worded when it was judged.
        subject: code of what was judged.
        found: what the condition says it stood on.
    """
    body = {
        "schema": SCHEMA,
        "enterprise": enterprise.code,
        "rule": {
            "id": rule.id,
            "kind": rule.kind,
            "purpose": rule.purpose,
            "title": {"zh": rule.title.zh, "en": rule.title.en},
            "source": rule.source,
            "unit": rule.unit,
            "deadband": rule.deadband,
            "for_s": rule.hold.total_seconds(),
            "keep_firing_for_s": rule.keep_firing_for.total_seconds(),
            "wording": rule.digest,
        },
        "subject": subject,
        **found,
    }
    text = json.dumps(canonical(body), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text, digest(text)


def same_data(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but words about the answer."""
    bodies = [json.loads(text) for text in (one, other)]
    for body in bodies:
        for key in _TOLD:
            body["rule"].pop(key, None)
    return bool(bodies[0] == bodies[1])
