"""Refusals on their way into the database: what was wrong, where, and the bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256

from db.readings import QuarantineRow
from ingest.arrivals import Arrival
from ingest.refusals import Reason, Refusal
from ingest.times import instant

UNKNOWN_ENTERPRISE = 0
# Of what was too large to read, enough to recognise it by.
_KEPT_OF_TOO_LARGE = 65_536
_SHOWN = 20
_LONGEST_DETAIL = 4_000


class Quarantine:
    """Collects refusals; one row for each (enterprise, payload, reason), however many readings it concerns."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, bytes, str], QuarantineRow] = {}
        self.reasons: Counter[Reason] = Counter()

    def add(self, e: int, arrival: Arrival, refusals: Sequence[Refusal]) -> None:
        """Refuse these readings of a message, or the message."""
        digest = sha256(arrival.payload).digest()
        by_reason: dict[Reason, list[Refusal]] = {}
        for refusal in refusals:
            by_reason.setdefault(refusal.reason, []).append(refusal)
        for reason, some in by_reason.items():
            self.reasons[reason] += len(some)
            kept = arrival.payload[:_KEPT_OF_TOO_LARGE] if reason is Reason.TOO_LARGE else arrival.payload
            seen = instant(arrival.received_at)
            row = QuarantineRow(
                e, digest, reason, _detail(some), _text(arrival.topic), kept, len(arrival.payload), seen, seen, 1
            )
            key = (e, digest, str(reason))
            self._rows[key] = _together(self._rows[key], row) if key in self._rows else row

    def add_incident(self, e: int, reason: Reason, topic: str, detail: str, at: int) -> None:
        """Something that went wrong without a payload of its own: one row a topic and reason, with a count."""
        digest = sha256(topic.encode(errors="replace")).digest()
        seen = instant(at)
        row = QuarantineRow(e, digest, reason, _text(detail), _text(topic), b"", 0, seen, seen, 1)
        key = (e, digest, str(reason))
        self.reasons[reason] += 1
        self._rows[key] = _together(self._rows[key], row) if key in self._rows else row

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self) -> list[QuarantineRow]:
        """In key order, so that two writers wait for each other in one direction only."""
        return [self._rows[key] for key in sorted(self._rows)]


def _together(old: QuarantineRow, new: QuarantineRow) -> QuarantineRow:
    return replace(
        new,
        first_seen=min(old.first_seen, new.first_seen),
        last_seen=max(old.last_seen, new.last_seen),
        count=old.count + new.count,
    )


def _detail(refusals: Iterable[Refusal]) -> str:
    lines = [str(refusal) for refusal in refusals]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return _text("\n".join(lines[:_SHOWN] + more)[:_LONGEST_DETAIL])


def _text(text: str) -> str:
    """As the database can hold it: it knows neither NUL nor lone surrogates."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")
