"""`/points/{enterprise}/{point}`: can I trust this meter?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from api.console.drawing import LOOK, wall_ms
from api.console.forms import FIRST_DAY, LAST_DAY
from api.console.i18n import Catalogue, catalogue
from api.console.render import page, zone_of
from api.console.trust import verdicts
from api.console.words import word
from api.deps import Api, Context
from api.intervals import intervals
from api.language import Language
from api.latest import latest_item, newest_of
from api.routes.quarantine import quarantine_item
from api.spans import Span
from db import hand, ledger, plants, series, views
from db.ledger import FindingRow, RevisionRow
from db.plants import EnterpriseRow
from db.series import After, BinRow, ReadingRow
from db.views import PointRow
from enms.quarters import QUARTER
from enms.readings import Origin, Quality

router = APIRouter(include_in_schema=False)
SPANS = {"6h": timedelta(hours=6), "24h": timedelta(days=1), "7d": timedelta(days=7), "31d": timedelta(days=31)}
SpanName = Literal["6h", "24h", "7d", "31d"]
_SHOWN = 50
# More would be drawn on top of each other at any screen's width.
_MOST_DRAWN = 4000
_STEP_OF = {"6h": "1m", "24h": "1m", "7d": "15m", "31d": "1h"}


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as a line."""

    row: FindingRow
    note: str


@dataclass(frozen=True, slots=True)
class Revised:
    """A quarter hour whose published value changed; `before` None: it was missing."""

    before: RevisionRow | None
    now: RevisionRow


@dataclass(frozen=True, slots=True)
class _Place:
    owner: EnterpriseRow
    point: PointRow
    span: Span


async def _place(context: Context, enterprise: str, code: str, span: SpanName, until: str) -> _Place:
    owner = await plants.enterprise(context.pool, enterprise)
    point = await context.registry.named(owner.e, code)
    now = context.clock()
    try:
        end = datetime.fromisoformat(until) if until else now
    except ValueError:
        end = now
    if not FIRST_DAY <= end.date() <= LAST_DAY:
        end = now
    end = end if end.tzinfo else end.replace(tzinfo=zone_of(owner.timezone))
    return _Place(owner, point, Span(end - SPANS[span], end))


Until = Annotated[str, Query(max_length=64)]


@router.get("/points/{enterprise}/{code}")
async def show_point(
    request: Request,
    api: Api,
    language: Language,
    enterprise: str,
    code: str,
    span: SpanName = "24h",
    until: Until = "",
) -> Response:
    text = catalogue(language)
    place = await _place(api, enterprise, code, span, until)
    owner, point, when = place.owner, place.point, place.span
    newest = (await newest_of(api.pool, [point]))[0][1]
    known = await intervals(api, [point], when, as_of=None, cursor=None, limit=10_000)
    found = await ledger.findings(api.pool, owner.e, [point.p], when.start, when.end)
    now = api.clock()
    processes = {row.code: row.name(language) for row in await views.processes(api.pool, owner.e)}
    refused = await series.quarantine(api.pool, [owner.e], text=code, limit=_SHOWN)
    name = owner.name(language)
    values = {
        "owner": owner,
        "point": point,
        "latest": latest_item(point, newest, now, language),
        "process": processes.get(point.process or "", ""),
        "verdicts": verdicts(text, point, newest, known.items, found, now, zone_of(owner.timezone)),
        "items": known.items[::-1][:_SHOWN],
        "total": len(known.items),
        "sum": _sum([item.amount for item in known.items]) if point.aggregate == "sum" else None,
        "findings": [FindingView(row, _note(row)) for row in found[::-1][:_SHOWN]],
        "revisions": _revised(await ledger.revisions(api.pool, owner.e, point.p, when.start, when.end))[:_SHOWN],
        "lost": await series.lost_readings(api.pool, owner.e, point.p, when.start, when.end, limit=_SHOWN),
        "by_hand": await hand.readings_by_hand(api.pool, owner.e, point.p, when.start, when.end, limit=_SHOWN),
        "meters": await views.installations(api.pool, owner.e, point.p),
        "refused": [quarantine_item(row, {owner.e: owner.code}) for row in refused],
        "span": span,
        "spans": list(SPANS),
        "until": until,
        "when": when,
        "zone": zone_of(owner.timezone),
    }
    crumbs = [("/", text("District")), (f"/e/{enterprise}", name), (f"/e/{enterprise}/points", text("Points"))]
    return await page(request, api, "point.html", values, live=owner.code, crumbs=crumbs)


def _sum(amounts: list[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def _revised(rows: list[RevisionRow]) -> list[Revised]:
    """Each change, the last one first."""
    found: list[Revised] = []
    last: RevisionRow | None = None
    for row in sorted(rows, key=lambda r: (r.start, r.rev)):
        if last is not None and last.start == row.start:
            found.append(Revised(last, row))
        elif row.rev > 1:
            found.append(Revised(None, row))
        last = row
    return sorted(found, key=lambda change: (change.now.known_at, change.now.start), reverse=True)


def _note(row: FindingRow) -> str:
    return ", ".join(f"{key} {value}" for key, value in row.detail.items())


@router.get("/points/{enterprise}/{code}/readings.json")
async def readings_data(
    api: Api, language: Language, enterprise: str, code: str, span: SpanName = "24h", until: Until = ""
) -> dict[str, object]:
    text = catalogue(language)
    place = await _place(api, enterprise, code, span, until)
    point, when, zone = place.point, place.span, zone_of(place.owner.timezone)
    asked = (api.pool, place.owner, [point.p], when.start, when.end)
    rows: list[ReadingRow | BinRow] = []
    rows += await series.raw(*asked, after=After(), limit=_MOST_DRAWN + 1)
    if len(rows) > _MOST_DRAWN:
        rows = []
        rows += await series.binned(*asked, step=_STEP_OF[span], after=After(), limit=_MOST_DRAWN)
    found = await ledger.findings(api.pool, place.owner.e, [point.p], when.start, when.end)

    def told(row: ReadingRow | BinRow) -> tuple[int, float | None, str, str]:
        value = row.value if isinstance(row, ReadingRow) else row.last if point.reading == "register" else row.mean
        said = []
        if isinstance(row, ReadingRow) and row.quality:
            said.append(word(text, "quality", Quality(row.quality).name.lower()))
        if isinstance(row, ReadingRow) and row.origin != Origin.METER:
            said.append(word(text, "origin", Origin(row.origin).name.lower()))
        return wall_ms(row.ts, zone), value, row.ts.astimezone(zone).strftime("%m-%d %H:%M:%S"), ", ".join(said)

    bad = [told(row) for row in rows if isinstance(row, ReadingRow) and row.quality == Quality.BAD]
    good = [told(row) for row in rows if not (isinstance(row, ReadingRow) and row.quality == Quality.BAD)]
    return {
        "unit": point.unit,
        "step": point.reading == "gauge",
        "line": _with_gaps(good, point.max_gap_s, rows),
        "bad": bad,
        "spans": [_marked(row, when, zone, text) for row in found[-_SHOWN:]],
        "from": wall_ms(when.start, zone),
        "to": wall_ms(when.end, zone),
        "words": {
            "value": text("Reading"),
            "reading": text("Reading"),
            "bad": word(text, "quality", "bad"),
        },
    }


def _marked(row: FindingRow, when: Span, zone: ZoneInfo, text: Catalogue) -> tuple[int, int, str]:
    start, end = max(row.from_ts, when.start), min(row.to_ts or when.end, when.end)
    last = max(end, start + timedelta(minutes=1))
    return wall_ms(start, zone), wall_ms(last, zone), word(text, "finding", row.kind)


def _with_gaps(
    told: list[tuple[int, float | None, str, str]], max_gap_s: float, rows: list[ReadingRow | BinRow]
) -> list[tuple[int, float | None, str, str]]:
    """A break wherever neighbours are farther apart than the point may be silent."""
    binned = bool(rows) and isinstance(rows[0], BinRow)
    widest = max(max_gap_s, 3600.0 if binned else 0.0) * 1000
    found: list[tuple[int, float | None, str, str]] = []
    for item in told:
        if found and item[0] - found[-1][0] > widest:
            found.append((found[-1][0] + 1, None, "", ""))
        found.append(item)
    return found


@router.get("/points/{enterprise}/{code}/intervals.json")
async def intervals_data(
    api: Api, language: Language, enterprise: str, code: str, span: SpanName = "24h", until: Until = ""
) -> dict[str, object]:
    text = catalogue(language)
    place = await _place(api, enterprise, code, span, until)
    point, when, zone = place.point, place.span, zone_of(place.owner.timezone)
    found = await intervals(api, [point], when, as_of=None, cursor=None, limit=10_000)
    names = {look: word(text, "basis", look) for look in (*LOOK.values(), "missing")}
    missing: list[tuple[int, int]] = []
    rows: list[tuple[int, float, str, str, str]] = []
    for item in found.items:
        start = wall_ms(item.start, zone)
        if item.amount is None:
            if missing and missing[-1][1] == start:
                missing[-1] = (missing[-1][0], wall_ms(item.end, zone))
            else:
                missing.append((start, wall_ms(item.end, zone)))
            continue
        label = f"{item.start.astimezone(zone):%m-%d %H:%M} – {item.end.astimezone(zone):%H:%M}"
        note = text("completeness %(n)s %%", n=round((item.completeness or 0.0) * 100, 1))
        rows.append((start, item.amount, label, item.basis, note))
    return {
        "unit": point.amount_unit,
        "width": int(QUARTER.total_seconds() * 1000),
        "rows": rows,
        "missing": missing,
        "from": wall_ms(when.start, zone),
        "to": wall_ms(when.end, zone),
        "words": names | {"amount": text("Mean") if point.aggregate == "mean" else text("Amount in 15 min")},
    }
