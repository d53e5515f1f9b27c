"""`enms score`: faults injected into simulated plants against the alerts that the product raises."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cli.score_jobs import Job, in_turn, quiet
from cli.score_visible import sighted
from cli.scoring import SHOWN_BY, Matched, Raised, match, told_apart, watched
from cli.surroundings import load_settings
from enms.errors import InputError, Mistake
from enms.plant_file import read_plant_file
from rules.book import BUNDLED, BookFile, read_books, refuse_broken, sound_rules
from rules.definition import Rule
from simulators.clock import iso_local
from simulators.faults import Fault, Kind
from simulators.planner import plan
from simulators.scenario import Scenario, plant_files

_ZONE = ZoneInfo("Asia/Shanghai")
# The first day on which every limit of the catalogue in force now holds; runs of other seeds begin at other seasons.
_FIRST_DAY = datetime(2026, 7, 1, tzinfo=_ZONE)
_SEASON_DAYS = 120
_STRIDE = 37
# Before the first fault the plants are seen sound for a day; what a fault sets off has some hours to show at the end.
_SOUND = timedelta(days=1)
_AFTERWARDS = timedelta(hours=6)
_SHOWN = 40


def command(
    seed: Annotated[int, typer.Option(help="of the plants, their faults and the season; unseen seeds tell most")] = 1,
    days: Annotated[float, typer.Option(min=2.0, max=366.0, help="length of the run")] = 7.0,
    faults: Annotated[
        str, typer.Option(help="all that some rule looks for, none (clean days), or kinds with commas")
    ] = "all",
    history: Annotated[
        float, typer.Option(min=0.0, max=366.0, help="sound days before: what baselines and references are made of")
    ] = 15.0,
    times: Annotated[
        int | None, typer.Option(min=1, max=9, help="faults of each kind and plant; default: one for every three days")
    ] = None,
    plants: Annotated[list[str] | None, typer.Option("--plant", help="only this plant; may be repeated")] = None,
    look: Annotated[
        int, typer.Option(min=15, max=1440, help="minutes between two looks of the rules; more is faster, see docs")
    ] = 15,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="plants side by side, each with its own database; default: the processors")
    ] = None,
    listing: Annotated[
        Path | None, typer.Option("--list", help="write every fault and alert with what became of it as JSON lines")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the score as JSON.")] = False,
) -> None:
    """Inject seeded faults into three simulated plants and score the alerts: recall, precision, delay.

    Everything goes the real way (ingest, ledger, rules) on a database of its own, by the scenario's clock.
    Faults that no instrument can show, and kinds that no rule looks for, are listed before the run.
    """
    quiet()
    own = load_settings().rules_dir
    books = read_books([BUNDLED, *([own] if own is not None else [])])
    refuse_broken(books)
    rules = sound_rules(books)
    kinds = _kinds(faults, rules)
    scenario, start, end = staged(seed, days, kinds, rules, history, times, plants)
    _announce(scenario, watched(rules), start, end)
    begun = time.monotonic()
    every = timedelta(minutes=look)
    todo = [Job(p.plant, seed, p.faults, start, end, every, timedelta(days=history)) for p in scenario.plants]
    raised = _run(todo, books, jobs or os.cpu_count() or 1)
    matched = match(scenario.faults, raised, [p.plant for p in scenario.plants], kinds)
    if listing is not None:
        lines = told_apart(matched, scenario.faults, raised)
        listing.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines), "utf-8")
    if as_json:
        typer.echo(json.dumps(asdict(matched.score), ensure_ascii=False))
    _tell(matched, raised, time.monotonic() - begun, quiet=as_json)


def staged(
    seed: int,
    days: float,
    kinds: list[Kind],
    rules: list[Rule],
    history: float = 0.0,
    times: int | None = None,
    only: list[str] | None = None,
) -> tuple[Scenario, datetime, datetime]:
    """The scenario of a seed, and from when to when it runs after its history."""
    start = _FIRST_DAY + timedelta(days=seed * _STRIDE % _SEASON_DAYS + history)
    end = start + timedelta(days=days)
    plants = [read_plant_file(file) for file in plant_files()]
    known = [p.enterprise.code for p in plants]
    if unknown := [code for code in only or () if code not in known]:
        raise InputError("--plant", [Mistake("", f"{code!r} is none of {', '.join(known)}") for code in unknown])
    plants = [p for p in plants if not only or p.enterprise.code in only]
    within = (timedelta(days=days) - _SOUND - _AFTERWARDS) / timedelta(days=1)
    wanted = ",".join(kinds) if kinds else "none"
    sound = history + _SOUND / timedelta(days=1)
    faults = plan(plants, seed, wanted, end - _AFTERWARDS, within, sound, times)
    scenario = Scenario(plants, seed, sighted(faults, plants, seed, rules, start - timedelta(days=history)))
    return scenario, start.astimezone(UTC), end.astimezone(UTC)


def _kinds(text: str, rules: list[Rule]) -> list[Kind]:
    if text == "none":
        return []
    known = watched(rules)
    if text == "all":
        return [kind for kind in Kind if kind in known or kind not in SHOWN_BY]
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in list(Kind)]:
        options = ", ".join(["all", "none", *Kind])
        raise InputError("--faults", [Mistake("", f"{name!r} is none of {options}") for name in unknown])
    return [Kind(name) for name in names]


def _announce(scenario: Scenario, known: Collection[Kind], start: datetime, end: datetime) -> None:
    """What is about to happen, and what nobody will see of it."""
    counted = [f for f in scenario.faults if f.visible]
    _say(
        f"{len(scenario.plants)} plants, {start.astimezone(_ZONE):%Y-%m-%d} to {end.astimezone(_ZONE):%Y-%m-%d}, "
        f"{len(counted)} faults to find"
    )
    if scenario.faults and (aside := [kind for kind in SHOWN_BY if kind not in known]):
        _say(f"not injected, no rule looks for them: {', '.join(aside)}")
    if silent := [f for f in scenario.faults if not f.visible]:
        _say(f"silent, no instrument shows them ({len(silent)}):")
        for fault in silent:
            _say(f"  {_fault(fault)}: {fault.why}")


def _run(jobs: list[Job], books: list[BookFile], side_by_side: int) -> list[Raised]:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    ) as bar:
        tasks = {
            job.code: bar.add_task(job.code, total=(job.end - job.start + job.history).total_seconds(), start=False)
            for job in jobs
        }

        def progress(plant: str, now: datetime) -> None:
            bar.start_task(tasks[plant])
            done = (now - jobs[0].start + jobs[0].history).total_seconds()
            bar.update(tasks[plant], completed=done, description=f"{plant} {now:%Y-%m-%d}")

        return in_turn(jobs, books, side_by_side, progress)


def _tell(matched: Matched, raised: list[Raised], seconds: float, *, quiet: bool) -> None:
    """The score for people; beside JSON only what was missed and what was raised for nothing, on standard error."""
    score = matched.score
    if not quiet:
        delay = "-" if score.delay_p50_s is None else f"{score.delay_p50_s / 3600:.1f} h"
        typer.echo(f"recall {_share(score.recall)}, precision {_share(score.precision)}, median delay {delay}")
        for kind, one in score.by_kind.items():
            typer.echo(f"  {kind}: {one.found} of {one.injected} found, {one.false} false")
    _say(f"{len(raised)} alerts in {seconds:.0f} s")
    for fault in matched.missed[:_SHOWN]:
        _say(f"  missed: {_fault(fault)}")
    for alert in matched.false[:_SHOWN]:
        resolved = alert.resolved_at.astimezone(_ZONE).isoformat() if alert.resolved_at else "now"
        _say(
            f"  false: {alert.rule} {alert.enterprise} {alert.subject} "
            f"{alert.started_at.astimezone(_ZONE).isoformat()} to {resolved}"
        )


def _fault(fault: Fault) -> str:
    where = fault.motor or fault.process or ", ".join(fault.points[:1])
    if fault.points and fault.motor is None:
        where = ", ".join(fault.points[:1])
    return f"{fault.kind} {fault.enterprise} {where} {iso_local(fault.begin)} to {iso_local(fault.end)}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _say(text: str) -> None:
    typer.echo(text, err=True)
