"""What Prometheus is told about the ledger."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

PUBLISHED = Counter("enms_ledger_published_total", "Quarter hours published, revisions included")
REVISED = Counter("enms_ledger_revised_total", "Quarter hours whose published value changed")
DERIVED_POINTS = Counter("enms_ledger_points_total", "Points taken into a derivation")
FAILED_POINTS = Gauge(
    "enms_ledger_failed_points", "Points set aside because they cannot be derived", labelnames=("worker",)
)
OLDEST_DIRTY = Gauge("enms_ledger_oldest_dirty_seconds", "Age of the oldest readings that wait for derivation")
OVERDUE = Gauge("enms_ledger_overdue_seconds", "For how long the longest overdue quarter hour should have been closed")
CYCLE = Histogram(
    "enms_ledger_cycle_seconds", "Duration of a derivation", buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)
)
