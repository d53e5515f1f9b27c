"""An enterprise's own hours, shifts, days, months and years as periods of a question."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Literal

from api.problems import TooMuchError
from api.spans import Span
from db.energy import Period
from enms.cuts import Cut, Cuts
from enms.errors import InputError, Mistake
from enms.metering import INTERVAL_S

Resolution = Literal["total", "15m", "1h", "shift", "day", "1d", "month", "year"]
# Each is a sum over the ledger; for more there is another request.
MOST_PERIODS = 3000
_CUTS = {
    "1h": Cut.HOUR,
    "shift": Cut.SHIFT,
    "day": Cut.DAY,
    "1d": Cut.DAY,
    "month": Cut.MONTH,
    "year": Cut.YEAR,
}


def periods(span: Span, resolution: Resolution, cuts: Cuts) -> list[Period]:
    """The span cut into the enterprise's own periods; the first and the last may be parts of one.

    Raises:
        InputError: the span is not on quarter hours.
        TooMuchError: more than `MOST_PERIODS`.
    """
    for edge, place in ((span.start, "query.from"), (span.end, "query.to")):
        if edge.timestamp() % INTERVAL_S:
            raise InputError("", [Mistake(place, f"{edge.isoformat()} is not on a quarter hour")])
    if resolution == "total":
        return [Period(span.start, span.end)]
    if resolution == "15m":
        step = timedelta(seconds=INTERVAL_S)
        starts = [span.start + n * step for n in range(span.length // step)]
    else:
        starts = [max(start, span.start) for start, _ in cuts.windows(_CUTS[resolution], span.start, span.end)]
    if len(starts) > MOST_PERIODS:
        raise TooMuchError(f"{len(starts)} periods, at most {MOST_PERIODS}: ask for less, or a coarser resolution")
    # Shifts need not fill the day: what lies between two of them is a period of its own only at the ends.
    edges = sorted({span.start, *starts, span.end})
    return [Period(a, b) for a, b in pairwise(edges)]
