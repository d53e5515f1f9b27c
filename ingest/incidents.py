"""What went wrong without a payload to show: a session the broker forgot, messages that never came.

They are written into the quarantine, where people look for what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog

from ingest import metrics
from ingest.quarantine import UNKNOWN_ENTERPRISE, Quarantine
from ingest.refusals import Reason
from ingest.sequence import Gap, Sequences
from ingest.sparkplug import ROOT, NodeGap
from ingest.times import SECOND

log = structlog.get_logger()

# Disorder between gateways, broker and spool is over by then.
_GAP_STANDS_AFTER_S = 60


class SessionMark:
    """Remembers, over restarts, that a broker once had our session.

    Args:
        file: where it is remembered.
        broker: which broker; another one owes us no session.
    """

    def __init__(self, file: Path, broker: str) -> None:
        self._file = file
        self._broker = broker

    @property
    def exists(self) -> bool:
        """Whether this broker had a session of ours."""
        try:
            return self._file.read_text(encoding="utf-8") == self._broker
        except OSError:
            return False

    def write(self) -> None:
        """It has one now."""
        if not self.exists:
            self._file.write_text(self._broker, encoding="utf-8")


class Incidents:
    """Collected until a transaction has them."""

    def __init__(self) -> None:
        self.sequences = Sequences()
        self._waiting: list[tuple[int | str, Reason, str, str, int]] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def session_lost(self, broker: str, at: int) -> None:
        """The broker at that address has forgotten our session."""
        metrics.SESSIONS_LOST.inc()
        log.error("the broker has forgotten our session: messages may be lost", broker=broker)
        detail = (
            f"the broker at {broker} has forgotten our session: what it held for us is lost; gateways should resend"
        )
        self._waiting.append((UNKNOWN_ENTERPRISE, Reason.SESSION_LOST, broker, detail, at))

    def look_for_gaps(self, now: int) -> None:
        """Gaps in the gateways' counts that have stayed open."""
        for gap in self.sequences.overdue(now - _GAP_STANDS_AFTER_S * SECOND):
            self._gap(gap)

    def _gap(self, gap: Gap) -> None:
        metrics.SEQUENCE_GAPS.labels(gap.enterprise).inc()
        log.warning("messages are missing", enterprise=gap.enterprise, detail=str(gap))
        topic = f"energy/v1/{gap.enterprise}/{gap.gateway}/readings"
        self._waiting.append((gap.e, Reason.SEQUENCE_GAP, topic, str(gap), gap.since))

    def node_gap(self, gap: NodeGap) -> None:
        """A Sparkplug node's count has a gap that stays."""
        enterprise, gateway = gap.node
        log.warning("messages are missing", enterprise=enterprise, detail=str(gap))
        self._waiting.append((enterprise, Reason.SEQUENCE_GAP, f"{ROOT}{enterprise}/+/{gateway}", str(gap), gap.at))

    def add_to(self, quarantine: Quarantine, number_of: Callable[[str], int]) -> int:
        """Put everything that waits into a transaction's quarantine; how many that is.

        Args:
            quarantine: of the transaction.
            number_of: an enterprise's number by its code.
        """
        for enterprise, reason, topic, detail, at in self._waiting:
            e = number_of(enterprise) if isinstance(enterprise, str) else enterprise
            quarantine.add_incident(e, reason, topic, detail, at)
        return len(self._waiting)

    def written(self, count: int) -> None:
        """The transaction with the first `count` is committed."""
        del self._waiting[:count]
