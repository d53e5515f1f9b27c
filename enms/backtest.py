"""What a rule would have raised: episodes by subject, how long, how often they come back at once, how many a month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from enms.alerts import Episode
from enms.steps import StepLength

MONTH = timedelta(days=365.25 / 12)
# Asked without a begin: this long before the end, or in a rule that judges by the month, of which most months would
# have no whole one in that.
USUAL = timedelta(days=31)
USUAL_BY_MONTH = timedelta(days=366)
_NO_REASON = "without a reason"
# An alert that comes back so soon after it resolved flaps.
FLAP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class PastEpisode:
    """An alert that would have been raised, with what was compared when it fired, in the rule's unit."""

    episode: Episode
    value: float | None
    limit: float | None

    def lasts(self, until: datetime) -> timedelta:
        """From its first met step to its resolution; to `until` where it would still fire."""
        return (self.episode.resolved_at or until) - self.episode.started_at


@dataclass(frozen=True, slots=True)
class SubjectHistory:
    """One subject over the part of the span that is closed and has readings.

    Attributes:
        start, end: what was judged; equal: nothing.
        met, clear, unknown: how long the condition was what.
        withheld: of `unknown`, while an alert would have been open.
        reasons: why it was unknown, by code, for how long.
    """

    subject: str
    start: datetime
    end: datetime
    episodes: tuple[PastEpisode, ...]
    met: timedelta
    clear: timedelta
    unknown: timedelta
    withheld: timedelta
    reasons: Mapping[str, timedelta]

    @property
    def known(self) -> bool:
        """Whether anything of it could be told: something was judged, and not all of it unknown."""
        return bool(self.met or self.clear)

    @property
    def firing(self) -> timedelta:
        """How long alerts would have been open in all."""
        return sum((e.lasts(self.end) for e in self.episodes), timedelta())

    @property
    def longest(self) -> timedelta | None:
        """The longest one; None: there is none."""
        return max((e.lasts(self.end) for e in self.episodes), default=None)

    @property
    def flaps(self) -> int:
        """How many began within a day after the one before resolved."""
        pairs = zip(self.episodes, self.episodes[1:], strict=False)
        gaps = (b.episode.started_at - a.episode.resolved_at for a, b in pairs if a.episode.resolved_at is not None)
        return sum(gap < FLAP for gap in gaps)

    @property
    def a_month(self) -> float | None:
        """Alerts a month; None: nothing could be told."""
        return len(self.episodes) * (MONTH / (self.end - self.start)) if self.known else None


@dataclass(frozen=True, slots=True)
class Backtest:
    """One rule on one enterprise over [start, end); nothing of it is recorded anywhere.

    Attributes:
        rule: its id.
        unit: of values and limits.
        steps: how many answers it stands on; 0: nothing was judged, which is not that it would have raised nothing.
        length: of its steps, the longest where subjects differ; None: there is nothing it watches.
        as_known_now: the past as the ledger tells it now; an alert about arrival itself saw it when it was not there
            yet, and would have been raised more often than this says.
    """

    rule: str
    title_zh: str
    title_en: str
    severity: str
    unit: str
    start: datetime
    end: datetime
    subjects: tuple[SubjectHistory, ...]
    steps: int
    length: StepLength | None
    as_known_now: bool

    @property
    def alerts(self) -> int:
        return sum(len(s.episodes) for s in self.subjects)

    @property
    def flaps(self) -> int:
        return sum(s.flaps for s in self.subjects)

    @property
    def known(self) -> bool:
        """Whether anything could be told of any subject; not: nothing raised is not that nothing would have been."""
        return any(s.known for s in self.subjects)

    @property
    def mostly(self) -> str:
        """Why most of what is unknown is so; "": without a reason, or nothing is."""
        lengths = dict[str, timedelta]()
        for code, length in (entry for s in self.subjects for entry in s.reasons.items()):
            lengths[code] = lengths.get(code, timedelta()) + length
        return max(lengths, key=lambda code: lengths[code], default="")

    @property
    def a_month(self) -> float | None:
        """Alerts a month over all subjects; None: nothing could be told."""
        rates = [s.a_month for s in self.subjects if s.a_month is not None]
        return sum(rates) if rates else None


def nothing_judged(found: Backtest) -> str | None:
    """Why there is no answer; None: there is one."""
    if found.known:
        return None
    if found.steps:
        return (
            f"nothing could be judged: each of {found.steps:,} answers is unknown, mostly {found.mostly or _NO_REASON}"
        )
    if found.length is None:
        return "nothing was judged: there is nothing here that the rule watches"
    step = found.length.value.replace("_", " ")
    return f"nothing was judged: no whole {step} in this span is closed and has readings"


def plain(found: Backtest) -> dict[str, object]:
    """As POST /rules/backtest and `enms backtest --json` print it: spans in seconds, instants as they are."""
    return {
        "rule": found.rule,
        "unit": found.unit,
        "start": found.start,
        "end": found.end,
        "alerts": found.alerts,
        "alerts_a_month": found.a_month,
        "flaps": found.flaps,
        "judgements": found.steps,
        "step": found.length,
        "nothing_judged": nothing_judged(found),
        "as_known_now": found.as_known_now,
        "subjects": [_plain_subject(one) for one in found.subjects],
    }


def _plain_subject(one: SubjectHistory) -> dict[str, object]:
    return {
        "subject": one.subject,
        "start": one.start,
        "end": one.end,
        "alerts": len(one.episodes),
        "alerts_a_month": one.a_month,
        "flaps": one.flaps,
        "firing_s": one.firing.total_seconds(),
        "longest_s": one.longest.total_seconds() if one.longest is not None else None,
        "met_s": one.met.total_seconds(),
        "clear_s": one.clear.total_seconds(),
        "unknown_s": one.unknown.total_seconds(),
        "withheld_s": one.withheld.total_seconds(),
        "reasons": {code: length.total_seconds() for code, length in one.reasons.items()},
        "episodes": [
            {
                "started_at": past.episode.started_at,
                "fired_at": past.episode.fired_at,
                "resolved_at": past.episode.resolved_at,
                "seconds": past.lasts(one.end).total_seconds(),
                "value": past.value,
                "limit": past.limit,
            }
            for past in one.episodes
        ],
    }
