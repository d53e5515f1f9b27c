"""`enms crew`: which crew works which shift; the roster itself comes with the plant file."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from cli.database import connected
from db import views
from db.crews import crew_book, record_override
from db.enpi_model import cuts_of
from db.plants import enterprise as find
from enms.crews import Override
from enms.errors import InputError, Mistake
from enms.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Which crew works which shift.")

EnterpriseCode = Annotated[str, typer.Option("--enterprise", help="Code of the enterprise.")]
_DAY = timedelta(days=1)


@app.command(name="list")
def list_(
    enterprise: EnterpriseCode,
    first: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD; today if left out.")] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days.")] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="Print the shifts as JSON.")] = False,
) -> None:
    """Who works which shift, a line a day."""
    since = _day("--from", first) if first is not None else None
    rows = asyncio.run(_duties(enterprise, since, days))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    by_day: dict[str, list[str]] = {}
    for row in rows:
        changed = " (!)" if row["crew"] != row["usual"] else ""
        by_day.setdefault(str(row["day"]), []).append(f"{row['shift']} {row['crew'] or '-'}{changed}")
    for day, shifts in by_day.items():
        typer.echo(f"{day}  {'  '.join(shifts)}")


@app.command()
def override(
    enterprise: EnterpriseCode,
    day: Annotated[str, typer.Option(help="Day on which the shift begins, YYYY-MM-DD.")],
    shift: Annotated[str, typer.Option(help="Code of the shift.")],
    by: Annotated[str, typer.Option(help="Who enters it.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    crew: Annotated[str | None, typer.Option(help="Code of the crew; without it as the roster has it.")] = None,
) -> None:
    """Say that another crew works one shift; of one shift the last entry holds."""
    entry = Override(_day("--day", day), shift, crew, reason, by)
    asyncio.run(_override(enterprise, entry))
    typer.echo(f"{enterprise} {day} {shift}: {crew if crew is not None else 'as the roster has it'}")


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("", [Mistake(option, f"{text!r} is not a day; write it as 2026-11-25")]) from None


async def _duties(code: str, first: date | None, days: int) -> list[dict[str, str | None]]:
    async with connected(Settings()) as connection:
        owner = await find(connection, code)
        since = first or (await cuts_of(connection, owner)).local_day(datetime.now(UTC))
        last = since + (days - 1) * _DAY
        book = await crew_book(connection, owner.e, since, last)
        shifts = [row.code for row in await views.shifts(connection, owner.e)]
    found = []
    for n in range(days):
        day = since + n * _DAY
        for shift in shifts:
            duty = book.duty(day, shift)
            found.append({"day": day.isoformat(), "shift": shift, "crew": duty.crew, "usual": duty.usual})
    return found


async def _override(code: str, entry: Override) -> None:
    async with connected(Settings()) as connection:
        owner = await find(connection, code)
        await record_override(connection, owner, entry, now=datetime.now(UTC))
