"""What the rules count, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

EVALUATIONS = Counter("enms_rules_evaluations", "Evaluations of an enterprise", ["enterprise"])
STEPS = Counter("enms_rules_spans_judged", "Spans of subjects that were judged", ["enterprise"])
TRANSITIONS = Counter("enms_rules_transitions", "Transitions written", ["enterprise", "kind"])
FAILURES = Counter("enms_rules_failures", "Rules that could not be judged", ["enterprise", "rule"])
LAG = Gauge(
    "enms_rules_lag_seconds",
    "How far rules are behind what the ledger has closed for them; growing while nobody looks",
    ["enterprise"],
)
EVALUATED = Gauge("enms_rules_evaluated_timestamp_seconds", "When rules were last evaluated, Unix time", ["enterprise"])
EVALUATION_SECONDS = Histogram(
    "enms_rules_evaluation_seconds",
    "Time of one evaluation of one enterprise",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60),
)
WAITING = Gauge("enms_rules_messages_waiting", "Messages that should have gone and that nobody has taken", ["channel"])
SENT = Counter("enms_rules_messages_sent", "Messages taken by their receiver", ["channel"])
UNSENT = Counter("enms_rules_messages_failed", "Attempts that failed; they are repeated", ["channel"])
GIVEN_UP = Counter("enms_rules_messages_given_up", "Messages nobody took for too long, not tried again", ["channel"])


def begin(channels: Iterable[str]) -> None:
    """These channels are there and no others; a count that is there from the beginning has an increase to show."""
    WAITING.clear()
    for channel in channels:
        for one in (WAITING, SENT, UNSENT, GIVEN_UP):
            one.labels(channel)
