"""Faults of meters and of transport, applied to a day's readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from simulators.condition import Mask
from simulators.faults import Fault, Kind
from simulators.noise import Dice
from simulators.table import NO_START, Table

# A held-back backlog leaves its gateway within this time once the line is back.
_BACKLOG_MS = 120_000
_DUPLICATE_AFTER_MS = 20_000


@dataclass(slots=True)
class Held:
    """What stuck meters show, by fault and point; lives as long as a run."""

    values: dict[tuple[Fault, int], float] = field(default_factory=dict)


def disturb(table: Table, faults: Iterable[Fault], dice: Dice, index: Mapping[str, int], held: Held) -> Table:
    """The day's readings as they really leave.

    Args:
        table: sound readings of one plant and day.
        faults: of that plant; those of other kinds and days are skipped.
        dice: of that plant and day.
        index: point code -> its number in the table.
        held: what stuck meters show.
    """
    for number, fault in enumerate(faults):
        points = np.array([index[p] for p in fault.points if p in index], dtype=np.int64)
        hit = np.isin(table.point, points) & (table.t >= fault.begin) & (table.t < fault.end)
        if not np.any(hit):
            continue
        match fault.kind:
            case Kind.GAP:
                table = table.where(~hit)
            case Kind.DUPLICATE:
                again = table.where(hit & (dice.rng(f"duplicate{number}").random(len(table)) < fault.size))
                again = replace(again, sent=again.sent + _DUPLICATE_AFTER_MS)
                table = Table.joined([table, again])
            case Kind.DISORDER:
                table = _late(table, hit, fault, dice, number)
            case Kind.CLOCK_SKEW:
                shift = np.where(hit, round(fault.size * 1000), 0)
                start = np.where(table.start == NO_START, NO_START, table.start + shift)
                table = replace(table, t=table.t + shift, start=start, rows=table.rows | hit)
            case Kind.STUCK:
                table = _stuck(table, hit, fault, held)
            case Kind.SPIKE:
                first = np.flatnonzero(hit)[0]
                value = table.value.copy()
                value[first] = round(value[first] * fault.size + 1.0, 6)
                table = replace(table, value=value)
            case _:
                pass
    return table


def _late(table: Table, hit: Mask, fault: Fault, dice: Dice, number: int) -> Table:
    """Hold the readings back until the line is up, `size` seconds after the end; then send them in any order."""
    back = fault.end + round(fault.size * 1000)
    # A handful of messages, each a mix of times, as a gateway's buffer empties.
    slot = dice.rng(f"disorder{number}").integers(0, 6, len(table))
    sent = np.where(hit, back + slot * _BACKLOG_MS // 6, table.sent)
    return replace(table, sent=sent.astype(np.int64), rows=table.rows | hit)


def _stuck(table: Table, hit: Mask, fault: Fault, held: Held) -> Table:
    value = table.value.copy()
    for point in np.unique(table.point[hit]):
        mine = hit & (table.point == point)
        first = np.flatnonzero(mine)[np.argmin(table.t[mine])]
        shown = held.values.setdefault((fault, int(point)), float(value[first]))
        value[mine] = shown
    return replace(table, value=value)
