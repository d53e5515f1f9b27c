"""Small drawings the server makes itself, so that the first paint shows them without a script: SVG as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from enms.metering import INTERVAL_S, Basis

# How each basis is drawn everywhere: style sheet and charts use the same names.
LOOK = {Basis.MEASURED: "measured", Basis.APPORTIONED: "apportioned", Basis.ESTIMATED: "estimated"}


def wall_ms(instant: datetime, zone: ZoneInfo) -> int:
    """An instant for a chart's time axis: milliseconds that read, as UTC, what the enterprise's clock showed.

    A browser would draw its own time zone; a plant's day is read the same everywhere.
    """
    return int(instant.astimezone(zone).replace(tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Run:
    """Equal quarter hours in a row: from, to in quarter hours since the strip's begin."""

    start: int
    end: int
    look: str


def runs(bases: Mapping[int, int], begin: int, end: int, closed: int | None) -> list[Run]:
    """A strip's quarter hours joined: measured, apportioned, estimated, missing, or still open.

    Args:
        bases: by start, epoch seconds.
        begin, end: of the strip, epoch seconds on quarter hours.
        closed: epoch seconds up to where the ledger is closed; None: nowhere.
    """
    found: list[Run] = []
    for n, start in enumerate(range(begin, end, INTERVAL_S)):
        basis = bases.get(start)
        if basis is not None and basis != Basis.MISSING:
            look = LOOK[Basis(basis)]
        else:
            look = "missing" if closed is not None and start + INTERVAL_S <= closed else "open"
        if found and found[-1].look == look:
            found[-1] = Run(found[-1].start, n + 1, look)
        else:
            found.append(Run(n, n + 1, look))
    return found


def strip(found: Sequence[Run], label: str) -> Markup:
    """The quarter hours of a span as a strip: solid measured, hatched estimated, empty missing."""
    parts = Markup("").join(
        Markup('<i class="{}" style="flex:{}"></i>').format(run.look, run.end - run.start) for run in found
    )
    return Markup('<span class="strip" role="img" aria-label="{}" title="{}">{}</span>').format(label, label, parts)


def spark(
    values: Sequence[float | None], low: Sequence[float | None], high: Sequence[float | None], label: str
) -> Markup:
    """A day's curve over its usual band; gaps stay gaps."""
    known = [v for series in (values, low, high) for v in series if v is not None]
    if not known:
        return Markup('<svg class="spark" viewBox="0 0 96 32" role="img" aria-label="{}"></svg>').format(label)
    top, bottom = max(known), min(0.0, *known)
    span = (top - bottom) or 1.0

    def y(value: float) -> float:
        return round(31 - 30 * (value - bottom) / span, 2)

    edges = enumerate(zip(low, high, strict=True))
    band = _band([(x, y(a), y(b)) for x, (a, b) in edges if a is not None and b is not None])
    pieces, pen = [], "M"
    for x, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        pieces.append(f"{pen}{x} {y(value)}")
        pen = "L"
    return Markup(
        '<svg class="spark" viewBox="0 0 95 32" preserveAspectRatio="none" role="img" aria-label="{}"><title>{}</title>'
        '<path class="band" d="{}"/><path class="line" d="{}" vector-effect="non-scaling-stroke"/></svg>'
    ).format(label, label, band, "".join(pieces))


def _band(edges: Sequence[tuple[int, float, float]]) -> str:
    if len(edges) < 2:
        return ""
    there = "L".join(f"{x} {top}" for x, _, top in edges)
    back = "L".join(f"{x} {bottom}" for x, bottom, _ in reversed(edges))
    return f"M{there}L{back}Z"
