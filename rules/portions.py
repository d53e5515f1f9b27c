"""How much one run judges, of what is new and of the past: what fits in memory; the rest is left for the next. Pure.

What is new goes on side by side, all subjects by as many steps. Of the past, answers are kept as they are judged.
Alerts are told once, by all of them, when the last one is: in pieces the past tells the same as in one go, and nobody
hears of what it looked like halfway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from enms.steps import StepLength
from rules.plan import Plan

# Steps judged in one run, of what is new and as many of the past, of all subjects of a rule: about 150 MB each of
# answers with what they stood on.
MOST = 300_000
_TICK = timedelta(microseconds=1)
_LENGTHS = {
    StepLength.MINUTE: timedelta(minutes=1),
    StepLength.QUARTER_HOUR: timedelta(minutes=15),
    StepLength.HOUR: timedelta(hours=1),
    StepLength.SHIFT: timedelta(hours=8),
    StepLength.DAY: timedelta(days=1),
    StepLength.MONTH: timedelta(days=30),
    StepLength.YEAR: timedelta(days=365),
}
_SHORTEST = min(_LENGTHS.values())


def paced(plans: Sequence[Plan], most: int) -> list[Plan]:
    """Plans that judge about so many new steps at most, one each at least."""
    due = [one.onward for one in plans if one.onward is not None]
    if len(due) * max((hi - lo for lo, hi in due), default=timedelta()) <= most * _SHORTEST:
        return list(plans)  # nothing is so much behind
    each = max(1, most // len(due))
    return [one if one.onward is None else _stop(one, *one.onward, each) for one in plans]


def _stop(one: Plan, lo: datetime, hi: datetime, steps: int) -> Plan:
    grid = one.subject.grid
    cut = min(hi, max(grid.floor(lo + steps * _LENGTHS[grid.length]), grid.ceil(lo + _TICK)))
    return replace(one, onward=(lo, cut), left=one.left + (hi - cut))


def portions(plans: Sequence[Plan], most: int) -> list[Plan]:
    """Plans that judge so many steps again at most, one at least; each knows from where its past is to be told."""
    found, left = [], most
    for one in plans:
        retell = None if one.row is None else one.row.retell_from
        if one.again is None:
            found.append(one if retell is None else replace(one, since=retell))
            continue
        lo, hi = one.again
        grid, since = one.subject.grid, lo if retell is None else min(lo, retell)
        length = _LENGTHS[grid.length]
        wanted = -((lo - hi) // length)
        if wanted <= left:
            left -= wanted
            found.append(replace(one, since=since))
            continue
        cut = max(lo, grid.floor(lo + left * length))
        if cut == lo and left == most:
            cut = grid.ceil(lo + _TICK)
        left = 0
        again, later = (lo, cut) if lo < cut else None, (cut, hi) if cut < hi else None
        found.append(replace(one, again=again, later=later, since=since))
    return found
