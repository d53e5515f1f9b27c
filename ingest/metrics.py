"""What ingest counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("enms_ingest_messages_received", "Messages taken from the broker")
ACCEPTED = Counter("enms_ingest_readings_accepted", "Readings that passed the checks of one message")
COMMITTED = Counter("enms_ingest_readings_committed", "Readings in committed transactions, known ones included")
TAKEN = Counter("enms_ingest_readings_taken", "Readings for an instant that had one already")
REFUSED = Counter("enms_ingest_refused", "What went into quarantine", ["reason"])
SPOOLED = Counter("enms_ingest_messages_spooled", "Messages put on the spool's disk")
SPOOL_BYTES = Gauge("enms_ingest_spool_bytes", "Size of the spool")
BUFFER_LEVEL = Gauge("enms_ingest_buffer_level", "Messages in memory, as a share of the high-water mark")
SESSIONS_LOST = Counter("enms_ingest_sessions_lost", "Times the broker had forgotten our session")
SEQUENCE_GAPS = Counter("enms_ingest_sequence_gaps", "Gaps in what gateways count", ["enterprise"])
COMMIT_SECONDS = Histogram(
    "enms_ingest_commit_seconds",
    "Time of a transaction",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
DELAY_SECONDS = Histogram(
    "enms_ingest_delay_seconds",
    "Arrival of a batch's first message until its commit",
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600),
)
DATABASE_UP = Gauge("enms_ingest_database_up", "1 while batches are committed, 0 while they are spooled")
BROKER_UP = Gauge("enms_ingest_broker_up", "1 while connected to the broker")
SPARKPLUG_MESSAGES = Counter("enms_sparkplug_messages", "Sparkplug messages of nodes and devices", ["kind"])
SPARKPLUG_PASSED_OVER = Counter(
    "enms_sparkplug_metrics_passed_over", "Metrics that are no reading: null, transient, text"
)
SPARKPLUG_GAPS = Counter("enms_sparkplug_sequence_gaps", "Gaps in the count of Sparkplug nodes", ["enterprise"])
SPARKPLUG_REBIRTHS = Counter("enms_sparkplug_rebirths_requested", "Requests for births", ["enterprise"])
SPARKPLUG_NODES = Gauge("enms_sparkplug_nodes_online", "Nodes that were born and have not died")
SPARKPLUG_STALE = Gauge(
    "enms_sparkplug_nodes_stale", "Nodes that died and were not born again, or answer no request for a birth", ["why"]
)
SPARKPLUG_HOST_ONLINE = Gauge("enms_sparkplug_host_online", "1 while nodes are told that this host is there")
