"""What the rules count, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

EVALUATIONS = Counter("enms_rules_evaluations", "Evaluations of an enterprise", ["enterprise"])
STEPS = Counter("enms_rules_spans_judged", "Spans of subjects that were judged", ["enterprise"])
TRANSITIONS = Counter("enms_rules_transitions", "Transitions written", ["enterprise", "kind"])
FAILURES = Counter("enms_rules_failures", "Rules that could not be judged", ["enterprise", "rule"])
LAG = Gauge("enms_rules_lag_seconds", "Clock less the instant up to which every subject was judged", ["enterprise"])
EVALUATION_SECONDS = Histogram(
    "enms_rules_evaluation_seconds",
    "Time of one evaluation of one enterprise",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60),
)
WAITING = Gauge("enms_rules_messages_waiting", "Messages in the outbox that nobody has taken yet")
SENT = Counter("enms_rules_messages_sent", "Messages taken by their receiver")
UNSENT = Counter("enms_rules_messages_failed", "Attempts that failed; they are repeated")
