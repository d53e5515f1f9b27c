"""`enms report`: a daily or monthly report as a file, and making all that are due."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.database import connected
from cli.surroundings import load_settings
from enms.carriers import TceBasis
from enms.errors import EnvironmentProblem, InputError, Mistake
from enms.report import Report
from enms.report_spans import ReportKind
from enms.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Daily and monthly reports: as files, and all that are due.")

Enterprise = Annotated[str, typer.Option("--enterprise", "-e", help="Enterprise code.")]
Day = Annotated[
    str | None, typer.Option("--date", help="YYYY-MM-DD, of a month also YYYY-MM; default the last day that is over.")
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="FILE.xlsx, .pdf, .csv, .json or .html; default a workbook here.")
]
Basis = Annotated[TceBasis, typer.Option(help="当量 or 等价.")]
Language = Annotated[Literal["zh", "en"] | None, typer.Option("--lang", help="zh or en; ENMS_REPORTS_LANGUAGE.")]


@app.command()
def daily(
    enterprise: Enterprise,
    date: Day = None,
    out: Out = None,
    basis: Basis = TceBasis.CALORIFIC,
    lang: Language = None,
) -> None:
    """能源日报 of one day."""
    _write(ReportKind.DAILY, enterprise, date, out, basis, lang)


@app.command()
def monthly(
    enterprise: Enterprise,
    date: Day = None,
    out: Out = None,
    basis: Basis = TceBasis.CALORIFIC,
    lang: Language = None,
) -> None:
    """能源月报 of one month."""
    _write(ReportKind.MONTHLY, enterprise, date, out, basis, lang)


@app.command()
def due() -> None:
    """Make every report that is due now, as the housekeeping role does: recorded, and as files in ENMS_REPORTS_DIR."""
    settings = load_settings()
    made = asyncio.run(_due(settings))
    for kind, enterprise, day, version in made:
        typer.echo(f"{enterprise} {kind} {day} version {version}")
    typer.echo(f"{len(made)} new")


def _write(
    kind: ReportKind, enterprise: str, date: str | None, out: Path | None, basis: TceBasis, lang: str | None
) -> None:
    from api.reports.files import FORMATS, content_of
    from cli.reporting import replace_file

    settings = load_settings()
    if out is not None and out.suffix.removeprefix(".") not in FORMATS:
        raise InputError("", [Mistake("--out", f"{out.name!r} does not end with one of .{', .'.join(FORMATS)}")])
    report = asyncio.run(_read(settings, kind, enterprise, date, basis))
    name = f"{enterprise}-{kind.value}-{report.day.isoformat()}.xlsx"
    file = Path(name) if out is None else out
    data = asyncio.run(content_of(report, file.suffix.removeprefix("."), lang or settings.reports_language))
    try:
        replace_file(file, data)
    except OSError as problem:
        raise EnvironmentProblem(f"{file} cannot be written: {problem}") from problem
    typer.echo(f"{file}: {kind.value} report of {report.day.isoformat()}{'' if report.whole else ', provisional'}")


async def _read(settings: Settings, kind: ReportKind, enterprise: str, date: str | None, basis: TceBasis) -> Report:
    from api.reports.asking import parse_day
    from db import plants, views
    from db.enpi_model import cuts_of
    from db.reports import read_report

    now = datetime.now(UTC)
    async with connected(settings) as connection:
        owner = await plants.enterprise(connection, enterprise)
        cuts = await cuts_of(connection, owner)
        closed = await views.newest_closed(connection, owner.e)
        last = cuts.day_of(min(closed or now, now)) - timedelta(days=1)
        day = parse_day(cuts, kind, date, "--date") if date else last
        return await read_report(connection, owner, kind, day, now=now, basis=basis)


async def _due(settings: Settings) -> list[tuple[str, str, str, int]]:
    from cli.reporting import make_due

    async with connected(settings) as connection:
        made = await make_due(connection, settings, datetime.now(UTC))
    return [(m.kind.value, m.enterprise, m.day.isoformat(), m.version) for m in made if m.version is not None]
