"""Amounts of points over quarter hours or windows, read together and once for all rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from db.metered import Window, WindowSum, quarter_amounts, window_sums
from rules.facts import Facts

# Point, start, end.
Reach = tuple[int, datetime, datetime]
Sums = Mapping[datetime, WindowSum]


def by_span(wanted: Iterable[Reach]) -> dict[Window, list[int]]:
    """Points that are read over the same span."""
    found: dict[Window, list[int]] = {}
    for p, start, end in wanted:
        found.setdefault((start, end), []).append(p)
    return found


async def quarter_sums(facts: Facts, e: int, wanted: Iterable[Reach]) -> dict[Reach, Sums]:
    """Quarter hours of points, each over a span of its own, by the quarter hour's start; missing ones are left out."""

    async def load(missing: list[Reach]) -> dict[Reach, Sums]:
        found: dict[Reach, dict[datetime, WindowSum]] = {reach: {} for reach in missing}
        for (start, end), points in by_span(missing).items():
            for (p, at), amount in (await quarter_amounts(facts.connection, e, points, start, end)).items():
                found[p, start, end][at] = amount
        return dict(found)

    return await facts.each(f"quarters of {e}", wanted, load)


async def sums_over(
    facts: Facts, e: int, points: Iterable[int], windows: Sequence[Window]
) -> dict[tuple[int, datetime], WindowSum]:
    """As `db.metered.window_sums`."""
    over = tuple(windows)

    async def load(missing: list[tuple[int, tuple[Window, ...]]]) -> dict[tuple[int, tuple[Window, ...]], Sums]:
        found: dict[tuple[int, tuple[Window, ...]], dict[datetime, WindowSum]] = {key: {} for key in missing}
        for (p, at), amount in (await window_sums(facts.connection, e, [p for p, _ in missing], over)).items():
            found[p, over][at] = amount
        return dict(found)

    told = await facts.each(f"windows of {e}", [(p, over) for p in dict.fromkeys(points)], load)
    return {(p, at): amount for (p, _), sums in told.items() for at, amount in sums.items()}
