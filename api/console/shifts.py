"""`/e/{enterprise}/shifts`: why did this shift use more, and which shift is better?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from api.console.i18n import Catalogue, catalogue
from api.console.render import page, zone_of
from api.deps import Api
from api.language import Language
from api.reports.document import Table
from api.reports.enpi_tables import cause_of, crew_table, difference_table, shift_table, summary_table
from db import plants
from db.crews import crew_book
from db.enpi_model import cuts_of
from db.plants import EnterpriseRow
from db.shift_comparison import compare_shifts, shift_enpis
from enms.shift_comparison import ShiftComparison, ShiftRun, causes

router = APIRouter(include_in_schema=False)
_DAYS = (1, 7, 31)
# How far back single shifts of all EnPIs can be looked at; how many inputs are named.
_LOOKED_BACK, _CAUSES = 2, 8
_KEPT_S = 30.0


@dataclass(frozen=True, slots=True)
class Used:
    """A shift of one EnPI, as the overview has it. `main`: the input that adds most to a difference upwards."""

    one: ShiftComparison
    run: ShiftRun
    name: str
    main: str
    output_change: float | None


@router.get("/e/{code}/shifts")
async def show_shifts(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    enpi: Annotated[str, Query(max_length=200)] = "",
    days: Literal["1", "7", "31"] = "7",
    at: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Without an EnPI: one shift over all of them, what used more than usual first; `at` is the shift's begin."""
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, code)
    cuts = await cuts_of(api.pool, owner)
    now = api.clock()
    async with api.pool.acquire() as connection:
        choices = await shift_enpis(connection, owner)
        chosen = enpi if enpi in dict(choices) else ""
        start = cuts.days_back(now, int(days) - 1 if chosen else _LOOKED_BACK)
        book = await crew_book(connection, owner.e, *_reach(start, now, zone_of(owner.timezone)))

    async def compare() -> tuple[ShiftComparison, ...]:
        async with api.pool.acquire() as connection:
            return await compare_shifts(connection, owner, start, now, now=now, enpi=chosen or None, idle=True)

    # Shifts change when one ends or late data comes; a reader who turns from one to the next need not wait again.
    found = await (compare() if chosen else api.kept.get(f"shifts {start}", owner.e, compare, for_s=_KEPT_S))
    name = owner.name(language)
    values = {
        "owner": owner,
        "name": name,
        "choices": [(one, names.in_language(language) if names is not None else one) for one, names in choices],
        "chosen": chosen,
        "days": days,
        "all_days": [str(n) for n in _DAYS],
        "tables": _tables(found[0], text, owner, book.names(language), language) if chosen and found else [],
        "crew_names": book.names(language),
        "zone": zone_of(owner.timezone),
    } | _overview(() if chosen else found, at, text, language)
    crumbs = [("/", text("District")), (f"/e/{code}", name)]
    if chosen:
        crumbs.append((f"/e/{code}/shifts", text("Shifts compared")))
    return await page(request, api, "shifts.html", values, crumbs=crumbs)


def _reach(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[date, date]:
    return start.astimezone(zone).date(), end.astimezone(zone).date()


def _tables(
    found: ShiftComparison, text: Catalogue, owner: EnterpriseRow, crews: Mapping[str, str], language: str
) -> list[Table]:
    newest = replace(found, runs=found.runs[::-1], by_shift=(), by_crew=())
    return [
        summary_table(found, text),
        *([crew_table(found, text, crews)] if found.by_crew else []),
        difference_table(found, text),
        shift_table(newest, text, zone_of(owner.timezone), zh=language == "zh", crews=crews),
    ]


def _overview(found: Sequence[ShiftComparison], at: str, text: Catalogue, language: str) -> dict[str, object]:
    """One shift over all EnPIs: the one that begins at `at`, else the last that is over."""
    starts = sorted({run.start for one in found for run in one.runs})
    wanted = next((start for start in starts if start.isoformat() == at), starts[-1] if starts else None)
    rows, pairs = [], []
    for one in found:
        run = next((r for r in one.runs if r.start == wanted), None)
        if run is None:
            continue
        pairs.append((one, run))
        rows.append(
            Used(
                one,
                run,
                one.name_zh if language == "zh" else one.name_en,
                cause_of(run.contributions, run.delta, text),
                run.output / run.usual_output - 1 if run.output is not None and run.usual_output else None,
            )
        )
    rows.sort(key=lambda used: (used.run.worse_tce is None, -(used.run.worse_tce or 0.0)))
    place = starts.index(wanted) if wanted is not None else 0
    first = pairs[0][1] if pairs else None
    names = {used.one.enpi: used.name for used in rows}
    return {
        "shift": first,
        "rows": rows,
        "causes": [(cause, names[cause.enpi]) for cause in causes(pairs) if cause.more_tce > 0][:_CAUSES],
        "earlier": starts[place - 1].isoformat() if wanted is not None and place > 0 else None,
        "later": starts[place + 1].isoformat() if wanted is not None and place + 1 < len(starts) else None,
    }
