"""Messages read back as anybody outside would: by the contract's two JSON forms."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from simulators.encoding import Message


@dataclass(frozen=True, slots=True)
class Row:
    """One reading as received."""

    enterprise: str
    gateway: str
    point: str
    t: datetime
    start: datetime | None
    value: float
    sent_at: datetime
    seq: int


def rows(messages: Iterable[Message]) -> list[Row]:
    """Every reading in order of arrival."""
    found: list[Row] = []
    for message in messages:
        _, _, enterprise, gateway, _ = message.topic.split("/")
        body = json.loads(message.payload)
        if "values" in body:
            t = datetime.fromtimestamp(body["t"] / 1000, UTC)
            content = [(point, t, None, value) for point, value in body["values"].items()]
        else:
            content = [
                (
                    row["point"],
                    datetime.fromisoformat(row["t"]).astimezone(UTC),
                    datetime.fromisoformat(row["start"]).astimezone(UTC) if "start" in row else None,
                    row["value"],
                )
                for row in body["readings"]
            ]
        found += [
            Row(enterprise, gateway, point, t, start, value, message.sent_at, body["seq"])
            for point, t, start, value in content
        ]
    return found


def by_point(readings: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """In order of arrival, by (enterprise, point)."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in readings:
        found[row.enterprise, row.point].append(row)
    return found
