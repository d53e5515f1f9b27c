"""What ingest counts, for Prometheus.

In a registry of its own, that only the role shows: others use parts of ingest, too (the API's backfill), and would tell
that ingest has neither database nor broker.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from ingest.refusals import Reason

_OWN = CollectorRegistry(auto_describe=True)

MESSAGES = Counter("enms_ingest_messages_received", "Messages taken from the broker", registry=_OWN)
ACCEPTED = Counter("enms_ingest_readings_accepted", "Readings that passed the checks of one message", registry=_OWN)
COMMITTED = Counter(
    "enms_ingest_readings_committed", "Readings in committed transactions, known ones included", registry=_OWN
)
TAKEN = Counter("enms_ingest_readings_taken", "Readings for an instant that had one already", registry=_OWN)
REFUSED = Counter("enms_ingest_refused", "What went into quarantine", ["reason"], registry=_OWN)
SPOOLED = Counter("enms_ingest_messages_spooled", "Messages put on the spool's disk", registry=_OWN)
SPOOL_BYTES = Gauge("enms_ingest_spool_bytes", "Size of the spool", registry=_OWN)
SPOOL_LEVEL = Gauge("enms_ingest_spool_level", "Size of the spool, as a share of ENMS_SPOOL_MAX_MB", registry=_OWN)
BUFFER_LEVEL = Gauge("enms_ingest_buffer_level", "Messages in memory, as a share of the high-water mark", registry=_OWN)
SESSIONS_LOST = Counter("enms_ingest_sessions_lost", "Times the broker had forgotten our session", registry=_OWN)
SEQUENCE_GAPS = Counter("enms_ingest_sequence_gaps", "Gaps in what gateways count", ["enterprise"], registry=_OWN)
COMMIT_SECONDS = Histogram(
    "enms_ingest_commit_seconds",
    "Time of a transaction",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
    registry=_OWN,
)
DELAY_SECONDS = Histogram(
    "enms_ingest_delay_seconds",
    "Arrival of a batch's first message until its commit",
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600),
    registry=_OWN,
)
DATABASE_UP = Gauge("enms_ingest_database_up", "1 while batches are committed, 0 while they are spooled", registry=_OWN)
BROKER_UP = Gauge("enms_ingest_broker_up", "1 while connected to the broker", registry=_OWN)
SPARKPLUG_MESSAGES = Counter(
    "enms_sparkplug_messages", "Sparkplug messages of nodes and devices", ["kind"], registry=_OWN
)
SPARKPLUG_PASSED_OVER = Counter(
    "enms_sparkplug_metrics_passed_over", "Metrics that are no reading: null, transient, text", registry=_OWN
)
SPARKPLUG_GAPS = Counter(
    "enms_sparkplug_sequence_gaps", "Gaps in the count of Sparkplug nodes", ["enterprise"], registry=_OWN
)
SPARKPLUG_REBIRTHS = Counter("enms_sparkplug_rebirths_requested", "Requests for births", ["enterprise"], registry=_OWN)
SPARKPLUG_NODES = Gauge("enms_sparkplug_nodes_online", "Nodes that were born and have not died", registry=_OWN)
SPARKPLUG_STALE = Gauge(
    "enms_sparkplug_nodes_stale",
    "Nodes that died and were not born again, or answer no request for a birth",
    ["why"],
    registry=_OWN,
)
SPARKPLUG_ASKED_OFTEN = Gauge(
    "enms_sparkplug_nodes_asked_often",
    "Nodes that were asked for their births more than twenty times within the last hour",
    ["enterprise"],
    registry=_OWN,
)
SPARKPLUG_HOST_ONLINE = Gauge(
    "enms_sparkplug_host_online", "1 while nodes are told that this host is there", registry=None
)

for _reason in Reason:  # a count that is there from the beginning has an increase to show
    REFUSED.labels(_reason.value)


@cache
def show(registry: CollectorRegistry = REGISTRY, *, sparkplug: bool) -> None:
    """Let them be collected in this process.

    Args:
        registry: that is collected.
        sparkplug: whether nodes are told of this host; else it is not offline, it is none.
    """
    registry.register(_OWN)
    if sparkplug:
        registry.register(SPARKPLUG_HOST_ONLINE)


def know(enterprises: Iterable[str]) -> None:
    """Begin the counts of these enterprises with 0, for the same reason."""
    for code in enterprises:
        for counter in (SEQUENCE_GAPS, SPARKPLUG_GAPS, SPARKPLUG_REBIRTHS):
            counter.labels(code)
