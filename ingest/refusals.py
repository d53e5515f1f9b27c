"""Why something that came in was not taken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Stable codes: `GET /quarantine` shows them and the quarantine is keyed by them."""

    UNKNOWN_TOPIC = "unknown_topic"
    TOO_LARGE = "too_large"
    BROKEN_JSON = "broken_json"
    BROKEN_SPARKPLUG = "broken_sparkplug"
    UNKNOWN_ALIAS = "unknown_alias"
    WRONG_SHAPE = "wrong_shape"
    WRONG_TYPE = "wrong_type"
    NOT_FINITE = "not_finite"
    MISSING_TIME = "missing_time"
    NAIVE_TIME = "naive_time"
    BAD_TIME = "bad_time"
    BAD_SPAN = "bad_span"
    UNKNOWN_ENTERPRISE = "unknown_enterprise"
    UNKNOWN_POINT = "unknown_point"
    VIRTUAL_POINT = "virtual_point"
    RETIRED_POINT = "retired_point"
    FUTURE = "future"
    UNSET_CLOCK = "unset_clock"
    SEALED = "sealed"
    REJECTED = "rejected"
    SEQUENCE_GAP = "sequence_gap"
    SESSION_LOST = "session_lost"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that was refused.

    Attributes:
        reason: the code.
        place: where in the message, `readings[3].value` or `values.bf1.power`; empty for the whole.
        detail: for a person, with the offending value.
    """

    reason: Reason
    place: str
    detail: str

    def __str__(self) -> str:
        return f"{self.place}: {self.detail}" if self.place else self.detail
