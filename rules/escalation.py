"""How long an open alert may wait before it gets louder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from enms.alerts import Severity


@dataclass(frozen=True, slots=True)
class Escalation:
    """How long an open alert waits before it gets louder.

    Attributes:
        waits: by severity, for somebody to acknowledge it; a severity left out waits for ever.
        withheld: with its verdict withheld: a dead meter never silences a breach.
    """

    waits: Mapping[Severity, timedelta] = field(
        default_factory=lambda: {Severity.CRITICAL: timedelta(minutes=30), Severity.WARNING: timedelta(hours=4)}
    )
    withheld: timedelta = timedelta(hours=4)
