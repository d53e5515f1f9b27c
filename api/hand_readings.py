"""Readings that somebody took off a meter: judged and written as what comes by MQTT, with who, when and why."""

from __future__ import annotations

from collections.abc import Sequence

from api.deps import BackfillResult, BackfillRow, Context
from db.hand import HandReading, settle
from db.plants import EnterpriseRow
from db.views import PointRow
from enms.errors import UnavailableError
from enms.metering import ReadingType
from enms.readings import Origin


async def enter_readings(
    context: Context, owner: EnterpriseRow, rows: Sequence[BackfillRow], *, by: str, reason: str
) -> tuple[int | None, BackfillResult]:
    """Write readings by hand, and who entered them, when and why; of an instant the last one holds.

    The number of the entry comes back (None: nothing was taken), and what became of the rows. The same readings by the
    same person for the same reason are one entry, however often they are sent.

    Raises:
        UnavailableError: this process takes no readings in.
    """
    if context.backfill is None:
        raise UnavailableError("this process takes no readings in")
    done = await context.backfill(owner.code, rows, Origin.HAND)
    refused = {one.index for one in done.refused}
    taken = [row for n, row in enumerate(rows) if n not in refused]
    points = {code: await context.registry.named(owner.e, code) for code in {row.point for row in taken}}
    entered = [_entered(points[row.point], row) for row in taken]
    if not entered:
        return None, done
    async with context.pool.acquire() as connection:
        number = await settle(
            connection, owner.e, entered, reason=reason.strip(), actor=by.strip(), now=context.clock()
        )
    return number, done


def _entered(point: PointRow, row: BackfillRow) -> HandReading:
    """As it is stored: only a reading over a span has a start."""
    start = row.start if point.reading == ReadingType.INTERVAL else None
    return HandReading(point.p, point.code, row.t, start, row.value)
