"""Which drifts of a process the instruments can show, said before a run.

A plant's energy scatters about what production explains, and a drift within that scatter is silent whatever judges it.
How far it scatters is known beforehand: from the sound plant over the days that its baseline is fitted to. What a drift
adds is known from the same days, with and without it. Of the days that are judged only one thing enters: whether the
plant works at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from math import ceil
from statistics import median

import numpy as np

from cli.scoring import concerns
from enms.baseline import OUTPUT, Baseline, Observed, against
from enms.enpi import Enpi
from enms.plant import Plant
from enms.regression import NoFit, Question, fit, quantile, usual
from rules.baseline_rules import BaselineCondition, EnpiBaselineRule
from rules.definition import Rule
from simulators.clock import DAY_MS, day_of, day_start, to_ms, to_utc
from simulators.faults import RAMP_MS, Fault, Kind
from simulators.plant import SimulatedPlant
from simulators.worked import energy_rate, output_rate

_LENGTH_S = {"shift": 28_800.0, "day": 86_400.0}
_DAY = timedelta(days=1)


def sighted(
    faults: Sequence[Fault], plants: Iterable[Plant], seed: int, rules: Sequence[Rule], begin: datetime
) -> list[Fault]:
    """The faults, with drifts told apart into those that can be seen and silent ones.

    Args:
        faults: of the scenario.
        plants: of the scenario.
        seed: of everything random.
        rules: by which it is judged.
        begin: of the history.
    """
    looking = {p.enterprise.code: _Looking(p, seed, rules, begin) for p in plants}
    return [looking[f.enterprise].at(f) if f.kind is Kind.DRIFT else f for f in faults]


@dataclass(frozen=True, slots=True)
class _Step:
    """A shift or a day: kgce of the sound plant and of the same with the fault, and output."""

    start: int
    end: int
    energy: float
    worse: float
    output: float


class _Looking:
    """One plant as it is sound, and what its baselines will be."""

    def __init__(self, plant: Plant, seed: int, rules: Sequence[Rule], begin: datetime) -> None:
        self._plant = plant
        self._seed = seed
        self._rules = [rule for rule in rules if isinstance(rule, EnpiBaselineRule)]
        self._sound = SimulatedPlant(plant, seed)
        self._first = day_of(to_ms(begin) + DAY_MS - 1)  # the first whole day

    def at(self, fault: Fault) -> Fault:
        """The fault with whether it shows, and why."""
        said = [self._judged(fault, rule, enpi) for rule in self._rules for enpi in self._held(fault, rule)]
        shows = [why for shown, why in said if shown]
        if shows:
            return replace(fault, visible=True, why=shows[0])
        return replace(fault, visible=False, why="; ".join(why for _, why in said) or "no baseline holds its energy")

    def _held(self, fault: Fault, rule: EnpiBaselineRule) -> Iterator[Enpi]:
        """EnPIs with the fault in them that a rule can hold against a baseline."""
        concerned = concerns(fault, self._plant)
        for enpi in self._plant.enpis:
            watched = any(fnmatchcase(enpi.code, pattern) for pattern in rule.watches.enpis)
            if watched and enpi.code in concerned and self._coarsest_s(enpi) <= _LENGTH_S[rule.condition.resolution]:
                yield enpi

    def _coarsest_s(self, enpi: Enpi) -> float:
        return max(self._period_s(code) for code in enpi.codes)

    def _period_s(self, code: str) -> float:
        point = next(p for p in self._plant.points if p.code == code)
        if point.virtual is None:
            return self._plant.configs()[code].period_s
        return max(self._period_s(term.point) for term in point.virtual)

    def _judged(self, fault: Fault, rule: EnpiBaselineRule, enpi: Enpi) -> tuple[bool, str]:
        condition = rule.condition
        if condition.variables != (OUTPUT,) or condition.baseline.first_days is None:
            return False, f"{rule.id}: its baseline is not known beforehand"
        days = [self._first + n * _DAY for n in range(condition.baseline.first_days)]
        steps = list(self._steps(enpi, days, condition.resolution, fault))
        idle_below = usual([s.output for s in steps]) * condition.idle_below
        working = [s for s in steps if s.output >= idle_below]
        made = fit(
            Question(
                to_utc(steps[0].start),
                to_utc(steps[-1].end),
                condition.resolution,
                "",
                [(OUTPUT, "")],
                condition.min_observations,
            ),
            [Observed(to_utc(s.start), to_utc(s.end), s.energy, (s.output,)) for s in working],
            idle_below,
            {},
        )
        if isinstance(made, NoFit):
            return False, f"{enpi.code}: {made}"
        if made.quality.cv_rmse > condition.max_cv_rmse:
            return False, f"{enpi.code}: sound days scatter by {made.quality.cv_rmse:.1%}"
        adds = median((s.worse - s.energy) / abs(s.energy) for s in working)
        t = quantile(condition.significance, made.freedom)
        usually = against(made, made.mean_energy, [made.variables[0].mean], t, condition.at_least_pct)
        # beyond the interval by as much as steps scatter: what only just passes is seen half of the time
        needed = (usually.allowed + usually.half / t) / abs(usually.expected)
        whole = self._whole(fault, enpi, condition, made, after=days[-1])
        running = max(1, ceil(rule.hold.total_seconds() / _LENGTH_S[condition.resolution]))
        why = f"{enpi.code}: adds {adds:.1%}, from {needed:.1%} it shows, {whole} whole {condition.resolution}s at work"
        return adds > needed and whole >= running, why

    def _whole(self, fault: Fault, enpi: Enpi, condition: BaselineCondition, made: Baseline, *, after: date) -> int:
        """Whole steps after the baseline's period in which it acts in full while the plant works as in that period."""
        begin = max(fault.begin + RAMP_MS, day_start(after + _DAY))
        if fault.end <= begin:
            return 0
        days = [day_of(begin) + n * _DAY for n in range((day_of(fault.end) - day_of(begin)).days + 1)]
        steps = [s for s in self._steps(enpi, days, condition.resolution) if s.start >= begin and s.end <= fault.end]
        return sum(s.output >= made.idle_below and made.beyond([s.output], condition.beyond) is None for s in steps)

    def _steps(self, enpi: Enpi, days: Sequence[date], resolution: str, fault: Fault | None = None) -> Iterator[_Step]:
        plant = self._plant
        worse = None
        if fault is not None:
            ever = replace(fault, begin=day_start(days[0]) - 2 * RAMP_MS, end=day_start(days[-1]) + 2 * DAY_MS)
            worse = SimulatedPlant(plant, self._seed, [ever])
        count = round(DAY_MS / 1000 / _LENGTH_S[resolution])
        for day in days:
            board = self._sound.board(day)
            energy, output = energy_rate(board, plant, enpi), output_rate(board, plant, enpi)
            more = energy_rate(worse.board(day), plant, enpi) if worse is not None else energy
            cut = zip(*(np.split(rate, count) for rate in (energy, more, output)), strict=True)
            for n, (e, w, o) in enumerate(cut):
                start = day_start(day) + n * DAY_MS // count
                yield _Step(start, start + DAY_MS // count, e.sum() / 60, w.sum() / 60, o.sum() / 60)
