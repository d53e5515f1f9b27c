"""GET /readings (series) and POST /readings (backfill)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from api import csv_out
from api.body import Body
from api.deps import Api, BackfillRow, Context
from api.hand_readings import enter_readings
from api.paging import DEFAULT_SERIES_LIMIT, Page, check_limit, cut, decode, decode_number, decode_time, encode
from api.params import Bom, Cursor, EnterpriseCode, FormatChoice, From, Limit, PointCodes, To
from api.problems import RESPONSES
from api.spans import span
from db import plants, series
from db.hand import batches
from db.series import After, BinRow, ReadingRow
from db.views import PointRow
from enms.errors import InputError, Mistake, UnavailableError, reason_of
from enms.metering import ReadingType
from enms.readings import Origin, Quality

router = APIRouter(tags=["readings"], responses=RESPONSES)
Resolution = Literal["raw", "1m", "15m", "1h", "1d"]
# What a request may look through; a raw year of a 10 s point is 3.2 M readings, paged.
_LONGEST = {"raw": 400, "1m": 62, "15m": 400, "1h": 800, "1d": 3700}


class ReadingItem(BaseModel):
    """One reading, or the readings within one step.

    At a coarser resolution `value` is the mean of a gauge, the last of a register, the sum of interval readings.
    """

    point: str = Field(examples=["bf1.elec.active_energy"])
    t: datetime = Field(description="The meter's instant; at a coarser resolution the begin of the step")
    value: float
    unit: str = Field(examples=["kWh"])
    start: datetime | None = Field(default=None, description="Begin of an interval reading, if it was sent")
    quality: str | None = Field(default=None, description="good, suspect or bad (kept, never counted)")
    origin: str | None = Field(default=None, description="meter, backfill or hand")
    received_at: datetime | None = None
    min: float | None = None
    max: float | None = None
    count: int | None = Field(default=None, description="Readings in this step")


@router.get("/readings", response_model=Page[ReadingItem], summary="Readings as a series")
async def list_readings(
    request: Request,
    api: Api,
    enterprise: EnterpriseCode,
    point: PointCodes,
    start: From = None,
    end: To = None,
    resolution: Annotated[Resolution, Query(description="raw, or one item a step")] = "raw",
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[ReadingItem]:
    limit = check_limit(limit, api.settings.api_max_rows, DEFAULT_SERIES_LIMIT)
    owner = await plants.enterprise(api.pool, enterprise)
    when = span(
        start,
        end,
        now=api.clock(),
        default=timedelta(days=1),
        longest=timedelta(days=_LONGEST[resolution]),
        enterprise=owner,
    )
    chosen = {row.p: row for row in await _points(api, owner.e, point)}
    after = After()
    if cursor:
        p, ts = decode("readings", cursor, 2)
        after = After(decode_number(p, 2**31 - 1), decode_time(ts))
    rows: list[ReadingRow | BinRow] = []
    if resolution == "raw":
        rows += await series.raw(api.pool, owner, list(chosen), when.start, when.end, after=after, limit=limit + 1)
    else:
        rows += await series.binned(
            api.pool, owner, list(chosen), when.start, when.end, step=resolution, after=after, limit=limit + 1
        )
    shown, following = cut(rows, limit, lambda row: encode("readings", row.p, row.ts))
    items = [_item(chosen[row.p], row) for row in shown]
    page = Page(items=items, next_cursor=following)
    return csv_out.answer(request, page, ReadingItem, wanted, name=f"readings-{enterprise}", bom=bom)


async def _points(api: Api, e: int, codes: list[str]) -> list[PointRow]:
    rows = [await api.registry.named(e, code) for code in dict.fromkeys(codes)]
    if virtual := [row.code for row in rows if row.reading == ReadingType.VIRTUAL]:
        raise InputError("", [Mistake("query.point", f"{', '.join(virtual)}: a virtual point has no readings")])
    return rows


def _item(point: PointRow, row: ReadingRow | BinRow) -> ReadingItem:
    if isinstance(row, ReadingRow):
        return ReadingItem(
            point=point.code,
            t=row.ts,
            value=row.value,
            unit=point.unit,
            start=row.start,
            quality=Quality(row.quality).name.lower(),
            origin=Origin(row.origin).name.lower(),
            received_at=row.received_at,
        )
    value = {"register": row.last, "interval": row.mean * row.readings}.get(point.reading, row.mean)
    return ReadingItem(
        point=point.code, t=row.ts, value=value, unit=point.unit, min=row.low, max=row.high, count=row.readings
    )


def _of_step(value: object) -> None:
    if value is not None:
        raise ValueError("is of a step, not of a reading: take them out with resolution=raw")


OfStep = Annotated[None, BeforeValidator(_of_step), Field(description="Nothing: resolution=raw has none")]


class RowIn(Body):
    """One row of the MQTT row form, or as `GET /readings` tells it."""

    point: str = Field(min_length=1, max_length=200, examples=["bf1.elec.active_energy"])
    t: datetime | int = Field(
        description="RFC 3339 with offset, or epoch milliseconds", examples=["2026-11-22T18:15:00+08:00"]
    )
    value: float = Field(examples=[120934.5], allow_inf_nan=False)
    quality: Literal["good", "suspect", "bad"] = "good"
    start: datetime | int | None = Field(default=None, description="Begin of an interval reading; `t` is its end")
    unit: str | None = Field(default=None, description="Has to be the point's, if it is there; nothing is converted")
    origin: str | None = Field(default=None, description="As `GET /readings` tells it; not taken over")
    received_at: str | None = Field(default=None, description="As `GET /readings` tells it; not taken over")
    min: OfStep = None
    max: OfStep = None
    count: OfStep = None


class BatchIn(Body):
    """Rows as on MQTT."""

    seq: int | None = Field(default=None, description="A gateway's count on MQTT; says nothing here", examples=[17])
    readings: list[RowIn] = Field(min_length=1)


class RefusedItem(BaseModel):
    """A row that was quarantined: 0-based place in the request, and why."""

    index: int
    reason: str
    detail: str


class BackfillAnswer(BaseModel):
    """What became of the rows: accepted ones are committed."""

    accepted: int
    refused: list[RefusedItem]


_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/BatchIn"}},
        "text/csv": {
            "schema": {"type": "string"},
            "example": "point,t,value,quality\nbf1.elec.active_energy,2026-11-22T18:15:00+08:00,120934.5,good\n",
        },
    },
}


@router.post(
    "/readings",
    response_model=BackfillAnswer,
    summary="Backfill: history in the MQTT row form, as JSON or CSV",
    openapi_extra={"requestBody": _BODY},
)
async def post_readings(
    request: Request,
    api: Api,
    enterprise: EnterpriseCode,
    origin: Annotated[
        Literal["backfill", "hand"],
        Query(description="hand: as somebody read or weighed it; comes before meter and backfill, the last one holds"),
    ] = "backfill",
    by: Annotated[str, Query(max_length=100, description="Of origin hand: who enters them")] = "",
    reason: Annotated[str, Query(max_length=1000, description="Of origin hand: why by hand")] = "",
) -> BackfillAnswer:
    """Goes through the same validation and writing as MQTT.

    What `GET /readings` tells at resolution=raw may be sent: its CSV as it is, of its JSON the `items`, as `readings`.
    A unit that is not the point's is a mistake, and so is a key that nobody knows (MQTT passes over those).

    The answer comes after the commit; rows that cannot be taken are quarantined and listed, the others stand.
    """
    if api.backfill is None:
        raise UnavailableError("this process takes no readings in")
    owner = await plants.enterprise(api.pool, enterprise)
    if origin == "hand" and (needed := [name for name, text in (("by", by), ("reason", reason)) if not text.strip()]):
        raise InputError("", [Mistake(f"query.{name}", "is needed for readings by hand") for name in needed])
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    body = await request.body()
    in_csv = kind in {"text/csv", "application/csv"}
    found = _from_csv(body) if in_csv else _from_json(body)
    if len(found) > api.settings.api_max_rows:
        raise InputError("", [Mistake("body", f"at most {api.settings.api_max_rows} rows a request")])
    if mistakes := await _other_units(api, owner.e, found, "body" if in_csv else "body.readings"):
        raise InputError("", mistakes)
    rows = [_row(row) for row in found]
    if origin == "hand":
        _, done = await enter_readings(api, owner, rows, by=by, reason=reason)
    else:
        done = await api.backfill(enterprise, rows, Origin.BACKFILL)
    refused = [RefusedItem(index=r.index, reason=r.reason, detail=r.detail) for r in done.refused]
    return BackfillAnswer(accepted=done.accepted, refused=refused)


class HandBatchItem(BaseModel):
    """Readings that somebody entered together."""

    id: int
    points: list[str]
    readings: int
    corrected: int = Field(description="How many took the place of another reading by hand")
    first: datetime
    last: datetime
    reason: str
    by: str
    entered_at: datetime


@router.get("/readings/by-hand", response_model=Page[HandBatchItem], summary="Who entered readings by hand, and why")
async def list_by_hand(
    request: Request, api: Api, enterprise: EnterpriseCode, wanted: FormatChoice = "json", bom: Bom = False
) -> Response | Page[HandBatchItem]:
    """The last thousand requests, the newest first; production has a list of its own."""
    owner = await plants.enterprise(api.pool, enterprise)
    items = [
        HandBatchItem(
            id=row.id,
            points=list(row.points),
            readings=row.readings,
            corrected=row.corrected,
            first=row.first_ts,
            last=row.last_ts,
            reason=row.reason,
            by=row.actor,
            entered_at=row.entered_at,
        )
        for row in await batches(api.pool, owner.e, limit=1000)
    ]
    page = Page(items=items, next_cursor=None)
    return csv_out.answer(request, page, HandBatchItem, wanted, name=f"readings-by-hand-{enterprise}", bom=bom)


_ROWS = TypeAdapter(list[RowIn])
_MOST_MISTAKES = 100
_MILLISECONDS = re.compile(r"[0-9]{1,18}")


async def _other_units(api: Context, e: int, rows: Sequence[RowIn], place: str) -> list[Mistake]:
    """Rows that say another unit than their point's; of a point that nobody knows, writing will tell."""
    units = {row.code: row.unit for row in await api.registry.points(e)}
    said = ((n, row.point, row.unit) for n, row in enumerate(rows) if row.unit and row.point in units)
    return [
        Mistake(f"{place}.{n}.unit", f"is {unit}, but {point} reports {units[point]}; nothing is converted")
        for n, point, unit in said
        if unit != units[point]
    ][:_MOST_MISTAKES]


def _from_json(body: bytes) -> list[RowIn]:
    try:
        return BatchIn.model_validate_json(body).readings
    except ValidationError as error:
        raise _mistakes(error) from None


def _from_csv(body: bytes) -> list[RowIn]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("", [Mistake("body", "not UTF-8")]) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        columns, rows = reader.fieldnames or (), list(reader)
    except csv.Error as problem:  # a quote that is never closed makes one cell of the rest
        raise InputError("", [Mistake(f"body, line {reader.reader.line_num}", str(problem))]) from None
    if missing := {"point", "t", "value"} - set(columns):
        raise InputError("", [Mistake("body", f"the header line has no {', '.join(sorted(missing))}")])
    # Once, not for every row. Columns without a name are what spreadsheets leave behind.
    if unknown := [name for name in columns if name and name not in RowIn.model_fields]:
        raise InputError("", [Mistake(f"body.{name}", "unknown key") for name in unknown[:_MOST_MISTAKES]])
    # A comma for a decimal point: half of the number would be left out.
    if longer := [n for n, row in enumerate(rows) if row.get("") or any(row.get(None) or ())]:
        raise InputError("", [Mistake(f"body.{n}", "a cell in no column") for n in longer[:_MOST_MISTAKES]])
    lines = [{key: _number(key, value) for key, value in row.items() if key and value} for row in rows]
    try:
        return _ROWS.validate_python(lines)
    except ValidationError as error:
        raise _mistakes(error) from None


def _number(key: str, value: str) -> str | int:
    """Epoch milliseconds come as digits in CSV; what is longer is no instant, and is refused as text."""
    return int(value) if key in {"t", "start"} and _MILLISECONDS.fullmatch(value) else value


def _row(row: RowIn) -> BackfillRow:
    start = _instant(row.start, "start") if row.start is not None else None
    return BackfillRow(row.point, _instant(row.t, "t"), row.value, row.quality, start)


def _instant(value: datetime | int, field: str) -> datetime:
    try:
        found = datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) else value
    except (OverflowError, OSError, ValueError):
        raise InputError("", [Mistake(f"body.readings.{field}", f"{value} is out of range")]) from None
    if found.tzinfo is None:
        raise InputError("", [Mistake(f"body.readings.{field}", f"{found.isoformat()} has no offset")])
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise InputError("", [Mistake(f"body.readings.{field}", f"{found.isoformat()} is out of range")]) from None


def _mistakes(error: ValidationError) -> InputError:
    found = error.errors(include_url=False, include_input=False)[:_MOST_MISTAKES]
    return InputError(
        "", [Mistake("body." + ".".join(str(part) for part in e["loc"]), reason_of(e["msg"], e["type"])) for e in found]
    )
