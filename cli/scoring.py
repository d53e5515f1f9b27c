"""Injected faults against raised alerts: what was found, what was raised for nothing. Pure.

A fault counts where instruments can show it and a loaded rule looks for it; both lists of the others are told before
the run. An alert is for nothing when no fault, visible or not, explains it: the same subject, at the same time, by a
rule that such a fault can set off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import median

from enms.plant import Plant
from rules.definition import Rule
from rules.kind import Kind as RuleKind
from simulators.clock import MINUTE_MS, day_of, day_start, to_utc
from simulators.faults import Fault, Kind, truth

_QUALITY = ("silent", "incomplete", "frozen", "out_of_range", "clock_skew", "register", "spike")
_ENPI = ("enpi_limit", "enpi_baseline", "supply_coal_rate", "budget", "threshold")
_MOTOR = ("motor_underload", "motor_idle", "motor_efficiency", "motor_overload")
_METERING = (*(f"data_quality/{check}" for check in _QUALITY), "balance")

SHOWN_BY: Mapping[Kind, tuple[str, ...]] = {
    Kind.GAP: ("data_quality/silent", "data_quality/incomplete"),
    Kind.CLOCK_SKEW: ("data_quality/clock_skew", "data_quality/silent"),
    Kind.EXCHANGE: ("data_quality/register",),
    Kind.STUCK: ("data_quality/frozen",),
    Kind.SPIKE: ("data_quality/spike",),
    Kind.DRIFT: ("enpi_baseline", "enpi_limit", "supply_coal_rate"),
    Kind.MOTOR_DEGRADATION: ("motor_efficiency",),
    Kind.MOTOR_IDLE: ("motor_idle",),
    Kind.MOTOR_UNDERLOAD: ("motor_underload",),
}
"""Which rules are to find a fault: kinds, and checks of data quality. A kind of fault left out never shows."""

EXPLAINS: Mapping[Kind, tuple[str, ...]] = {
    **dict.fromkeys(Kind, _METERING),
    # what a meter says wrongly is part of an EnPI, too, and a motor's own
    Kind.STUCK: (*_METERING, *_ENPI, *_MOTOR),
    Kind.SPIKE: (*_METERING, *_ENPI),
    Kind.EXCHANGE: (*_METERING, *_ENPI),
    Kind.DRIFT: (*_ENPI, "balance", "max_demand"),
    **dict.fromkeys((Kind.MOTOR_DEGRADATION, Kind.MOTOR_IDLE, Kind.MOTOR_UNDERLOAD), (*_MOTOR, "threshold")),
}
"""Which alerts a fault may set off besides those that are to find it."""

LASTING = frozenset({"motor_register"})
"""Rules about what stands on nameplates: true of the plants as they are, whatever happens. They are not scored."""

# Its traces last longer than the fault: in a rolling day, until a meter has been heard again.
_LINGERS = {Kind.DRIFT: timedelta(days=1)}
_LINGERS_ELSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert, as it was at the end of the run.

    Attributes:
        looks_for: kind of its rule, and of data quality the check: "data_quality/silent".
        detected_at: when it was there for people to see.
    """

    enterprise: str
    rule: str
    looks_for: str
    subject: str
    started_at: datetime
    resolved_at: datetime | None
    detected_at: datetime


@dataclass(frozen=True, slots=True)
class KindScore:
    """One kind of fault; `false` alerts are counted with the kind that they claim to be."""

    injected: int
    found: int
    false: int
    delay_p50_s: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """What `enms score --json` prints. Null: nothing to find, or nothing raised."""

    recall: float | None
    precision: float | None
    delay_p50_s: float | None
    by_kind: dict[str, KindScore]


@dataclass(frozen=True, slots=True)
class Matched:
    """A score with what it is made of: faults nobody found, alerts nobody can explain."""

    score: Score
    missed: tuple[Fault, ...]
    false: tuple[Raised, ...]
    delays: Mapping[Fault, float]


def looks_for(rule: Rule) -> str:
    """What a rule is after: its kind, of data quality the check, too."""
    check = getattr(rule.condition, "check", None)
    return f"{rule.kind}/{check}" if rule.kind is RuleKind.DATA_QUALITY else str(rule.kind)


def watched(rules: Iterable[Rule]) -> frozenset[Kind]:
    """Kinds of faults that some rule looks for."""
    after = {looks_for(rule) for rule in rules}
    return frozenset(kind for kind, shown in SHOWN_BY.items() if after & set(shown))


def match(faults: Sequence[Fault], raised: Sequence[Raised], plants: Sequence[Plant], kinds: Iterable[Kind]) -> Matched:
    """Hold alerts against the truth.

    Args:
        faults: all that were injected, silent ones too.
        raised: every alert, those taken back later included: people saw them.
        plants: of the scenario.
        kinds: of faults that count.
    """
    plant = {p.enterprise.code: p for p in plants}
    raised = [a for a in raised if a.looks_for not in LASTING]
    counted = [f for f in faults if f.visible and f.kind in set(kinds)]
    concerned = {f: concerns(f, plant[f.enterprise]) for f in faults}
    delays: dict[Fault, float] = {}
    for fault in counted:
        shows = [a for a in raised if _touches(fault, a, concerned[fault]) and a.looks_for in SHOWN_BY[fault.kind]]
        if shows:
            delays[fault] = (min(a.detected_at for a in shows) - _begins(fault)).total_seconds()
    false = [
        a
        for a in raised
        if not any(
            _touches(f, a, concerned[f]) and a.looks_for in (*EXPLAINS[f.kind], *SHOWN_BY.get(f.kind, ()))
            for f in faults
        )
    ]
    score = Score(
        recall=round(len(delays) / len(counted), 4) if counted else None,
        precision=round(1 - len(false) / len(raised), 4) if raised else None,
        delay_p50_s=median(delays.values()) if delays else None,
        by_kind=_by_kind(counted, delays, false),
    )
    return Matched(score, tuple(f for f in counted if f not in delays), tuple(false), delays)


def told_apart(matched: Matched, faults: Iterable[Fault], raised: Iterable[Raised]) -> Iterator[dict[str, object]]:
    """Every fault and every alert with what became of it, for reading one by one."""
    for fault in faults:
        became = "found" if fault in matched.delays else "missed" if fault in matched.missed else "not counted"
        yield {"fault": became, "delay_s": matched.delays.get(fault), **json.loads(truth(fault))}
    for alert in raised:
        became = "for nothing" if alert in matched.false else "lasting" if alert.looks_for in LASTING else "explained"
        times = {name: value.isoformat() for name, value in asdict(alert).items() if isinstance(value, datetime)}
        yield {"alert": became, **asdict(alert), **times}


def _by_kind(counted: Sequence[Fault], delays: Mapping[Fault, float], false: Sequence[Raised]) -> dict[str, KindScore]:
    claimed = [_claims(a) for a in false]
    names = sorted({str(f.kind) for f in counted} | set(claimed))
    scores = {}
    for name in names:
        mine = [f for f in counted if f.kind == name]
        took = [delays[f] for f in mine if f in delays]
        scores[name] = KindScore(len(mine), len(took), claimed.count(name), median(took) if took else None)
    return scores


def _claims(alert: Raised) -> str:
    """The kind of fault an alert says there is; its own kind where no fault is like that."""
    return next((str(kind) for kind, shown in SHOWN_BY.items() if alert.looks_for in shown), alert.looks_for)


def concerns(fault: Fault, plant: Plant) -> frozenset[str]:
    """Codes of all that a fault can be seen at: its points and those they are summed into, its motor, EnPIs, units."""
    points = set(fault.points)
    if fault.kind is Kind.DRIFT:
        points |= {p.code for p in plant.points if p.process == fault.process}
    parents = {p.parent for p in plant.points if p.code in points and p.parent is not None}
    virtual = {p.code for p in plant.points if p.virtual and points & {term.point for term in p.virtual}}
    seen = points | parents | virtual
    enpis = {e.code for e in plant.enpis if seen & e.codes}
    motors = {m.code for m in plant.motors if points & set(m.points.model_dump().values())}
    if fault.motor is not None:
        motors.add(fault.motor)
    units = {u.code for u in plant.generating_units if seen & {code for codes in u.points.values() for code in codes}}
    fleet = {"fleet"} if units else set()
    return frozenset(seen | enpis | motors | units | fleet)


def _touches(fault: Fault, alert: Raised, concerned: frozenset[str]) -> bool:
    """The same enterprise, subject and time; nothing is noticed before it happens."""
    if alert.enterprise != fault.enterprise or alert.subject not in concerned:
        return False
    end = to_utc(fault.end) + _LINGERS.get(fault.kind, _LINGERS_ELSE)
    begins = to_utc(fault.begin)
    return (
        alert.started_at < end
        and (alert.resolved_at is None or alert.resolved_at > begins)
        and alert.detected_at >= begins
    )


def _begins(fault: Fault) -> datetime:
    """The first instant at which it acts."""
    if fault.daily is None:
        return to_utc(fault.begin)
    day = day_start(day_of(fault.begin))
    first, last = (day + minute * MINUTE_MS for minute in fault.daily)
    if fault.begin >= last:
        first += 86_400_000
    return to_utc(max(first, fault.begin))
