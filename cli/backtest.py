"""`enms backtest`: what a rule would have raised in a closed past; nothing is recorded."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cli.database import connected
from cli.surroundings import load_settings
from db.plants import EnterpriseRow, owner
from enms.backtest import USUAL, USUAL_BY_MONTH, Backtest, PastEpisode, SubjectHistory, nothing_judged, plain
from enms.errors import InputError, Mistake, NotFoundError
from enms.settings import Settings
from rules.backtest import backtests
from rules.book import BUNDLED, read_book, read_books, refuse_broken, sound_rules
from rules.definition import Rule

_SHOWN = 200
_FROM = (
    f"RFC 3339, or a day at the enterprise; default {USUAL.days} days before --to, {USUAL_BY_MONTH.days} of a rule that"
    " judges by the month."
)


def command(
    rule: Annotated[str, typer.Argument(help="A rule's id, or a rule book file: then all of its rules.")],
    enterprise: Annotated[str, typer.Option(help="Enterprise code.")],
    start: Annotated[str | None, typer.Option("--from", help=_FROM)] = None,
    end: Annotated[str | None, typer.Option("--to", help="The same; default now.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Hold rules against the past: which alerts, how long, how often they flap, how many a month."""
    settings = load_settings()
    found = asyncio.run(_run(settings, _rules(rule, settings), enterprise, (start, end), quiet=as_json))
    if as_json:
        typer.echo(json.dumps([plain(one) for one in found], ensure_ascii=False, default=datetime.isoformat))
        return
    for one in found:
        _tell(one)


def _rules(text: str, settings: Settings) -> list[Rule]:
    if (path := Path(text)).is_file():
        books = [read_book(path)]
        refuse_broken(books)
        return sound_rules(books)
    own = settings.rules_dir
    known = sound_rules(read_books([BUNDLED, *([own] if own is not None else [])]))
    chosen = [one for one in known if one.id == text]
    if not chosen:
        raise NotFoundError(f"{text!r} is no file and none of the rules {', '.join(one.id for one in known)}")
    return chosen


async def _run(
    settings: Settings, wanted: list[Rule], code: str, span: tuple[str | None, str | None], *, quiet: bool
) -> list[Backtest]:
    async with connected(settings) as connection:
        whose = await owner(connection, code)
        start, end = _span(whose, *span)
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=quiet or not sys.stderr.isatty(),
        ) as bar:
            task = bar.add_task(wanted[0].id if len(wanted) == 1 else f"{len(wanted)} rules", total=None)
            return await backtests(
                connection,
                whose,
                wanted,
                start,
                end,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )


def _span(owner: EnterpriseRow, start: str | None, end: str | None) -> tuple[datetime | None, datetime]:
    until = _instant("--to", end, owner) if end is not None else datetime.now(UTC)
    since = _instant("--from", start, owner) if start is not None else None
    if since is not None and until <= since:
        raise InputError("--to", [Mistake("", "must be after --from")])
    return since, until


def _instant(option: str, text: str, owner: EnterpriseRow) -> datetime:
    try:
        if len(text) == len("2026-11-22"):
            day = date.fromisoformat(text)
            return datetime.combine(day, owner.day_starts, ZoneInfo(owner.timezone)).astimezone(UTC)
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        reason = f"{text!r} is neither a day nor an instant with its offset, such as 2026-11-22T18:00:00+08:00"
        raise InputError(option, [Mistake("", reason)])
    return found.astimezone(UTC)


def _tell(found: Backtest) -> None:
    if (why := nothing_judged(found)) is not None:
        typer.echo(f"{found.rule}: {why}")
    else:
        _sum_up(found)
    shown = 0
    for one in found.subjects:
        if one.unknown:
            why = max(one.reasons, key=lambda code: one.reasons[code])
            typer.echo(f"  {one.subject}: unknown for {_hours(one.unknown)}, mostly {why or 'without a reason'}")
        for past in one.episodes:
            if (shown := shown + 1) <= _SHOWN:
                typer.echo(f"  {_line(one, past, found.unit)}")
    if shown > _SHOWN:
        typer.echo(f"  and {shown - _SHOWN} more: --json has them all")


def _sum_up(found: Backtest) -> None:
    month = "-" if found.a_month is None else f"{found.a_month:.1f}"
    typer.echo(
        f"{found.rule}: {found.alerts} alerts on {sum(bool(s.episodes) for s in found.subjects)} of "
        f"{len(found.subjects)} subjects, {month} a month, {found.flaps} came back within a day"
    )
    if found.as_known_now:
        typer.echo("  about arrival: what came late is there now; live, more would have been raised")


def _line(one: SubjectHistory, past: PastEpisode, unit: str) -> str:
    episode = past.episode
    until = f"for {_hours(past.lasts(one.end))}" if episode.resolved_at is not None else "still open at the end"
    compared = "" if past.value is None else f", {past.value:.4g} {unit}"
    against = "" if past.limit is None else f" against {past.limit:.4g}"
    return f"{one.subject}: {episode.started_at.isoformat()} {until}{compared}{against}"


def _hours(length: timedelta) -> str:
    return f"{length.total_seconds() / 3600:.1f} h"
