"""`/rules`: what is watched, what is wrong with the rule books, and what a rule would have raised."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from api import backtests
from api.console.baselines import KIND, BaselinePanel, baseline_panels
from api.console.i18n import catalogue
from api.console.render import page, zone_of
from api.deps import Api, Context
from api.language import Language
from db import plants, rules
from db.plants import EnterpriseRow
from db.rules import RuleHealth, RuleRow
from enms.backtest import USUAL, USUAL_BY_MONTH, Backtest, PastEpisode, SubjectHistory
from enms.errors import InputError, Mistake

router = APIRouter(include_in_schema=False)
_LANES = 40
_LINES = 200
# What of a rule is a figure that can be tried out, besides those of its condition.
_OWN_FIGURES = ("for", "keep_firing_for", "deadband")


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule as the page shows it.

    Attributes:
        watched: where it looks, in its own words.
        nowhere: what it accepts a changed loss of and nobody knows.
    """

    row: RuleRow
    health: RuleHealth | None
    watched: str
    nowhere: tuple[str, ...]

    @property
    def judged(self) -> bool:
        """Whether it has judged anything of this plant."""
        return self.health is not None and self.health.subjects > 0


@dataclass(frozen=True, slots=True)
class Bar:
    """An alert on a lane, in per cent of the span."""

    left: float
    width: float
    title: str
    open: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """A subject's alerts over the span."""

    history: SubjectHistory
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A backtest as the page shows it.

    Attributes:
        lanes: subjects that would have raised something, most alerts first.
        more_lanes: how many did not fit.
        lines: the first alerts, with their subject.
        ticks: (per cent, text) along the span.
        unknown: subjects of which nothing could be said for some time, and mostly why.
    """

    found: Backtest
    lanes: tuple[Lane, ...]
    more_lanes: int
    lines: tuple[tuple[SubjectHistory, PastEpisode], ...]
    ticks: tuple[tuple[float, str], ...]
    unknown: tuple[tuple[SubjectHistory, str], ...]


@router.get("/rules")
async def show_rules(
    request: Request,
    api: Api,
    language: Language,
    enterprise: Annotated[str, Query(max_length=200)] = "",
    rule: Annotated[str, Query(max_length=200)] = "",
    figure: Annotated[str, Query(max_length=100)] = "",
    value: Annotated[str, Query(max_length=100)] = "",
    start: Annotated[str, Query(alias="from", max_length=64)] = "",
    end: Annotated[str, Query(alias="to", max_length=64)] = "",
    run: bool = False,
) -> Response:
    text = catalogue(language)
    known = await plants.owners(api.pool)
    first = next((row for row in known if row.scope == "plant"), None)
    owner = next((row for row in known if row.code == enterprise), first)
    lines = await _lines(api, owner) if owner is not None else []
    chosen = next((line for line in lines if line.row.rule == rule), lines[0] if lines else None)
    figures = figures_of(json.loads(chosen.row.definition)) if chosen is not None else {}
    outcome: Outcome | None = None
    mistakes: tuple[Mistake, ...] = ()
    if run and owner is not None and chosen is not None:
        changes = changes_of(figure, value) if value and figure in figures else {}
        question = backtests.Question(owner.code, chosen.row.rule, changes, start or None, end or None)
        try:
            outcome = outcome_of(await backtests.run(api, question, "query"), owner)
        except InputError as problem:
            mistakes = problem.mistakes
    baselines: list[BaselinePanel] = []
    if owner is not None and chosen is not None and chosen.row.kind == KIND:
        baselines = await baseline_panels(api, owner, text, rule=chosen.row.rule)
    zone = zone_of(owner.timezone) if owner is not None else api.settings.zone
    today = api.clock().astimezone(zone).date()
    values = {
        "owner": owner,
        "lines": lines,
        "files": await rules.rule_files(api.pool),
        "names": {row.code: row.name(language) for row in known},
        "chosen": chosen,
        "figures": figures,
        "asked": {
            "figure": figure,
            "value": value,
            "from": start,
            "to": end or today.isoformat(),
        },
        "usual": {"days": USUAL.days, "by_month": USUAL_BY_MONTH.days},
        "outcome": outcome,
        "baselines": baselines,
        "mistakes": mistakes,
        "zone": zone,
    }
    status = 422 if mistakes else 200
    return await page(request, api, "rules.html", values, crumbs=[("/", text("District"))], status=status)


async def _lines(api: Context, owner: EnterpriseRow) -> list[RuleLine]:
    """What has judged something of this plant first, and of that what has raised something."""
    health = {row.rule: row for row in await rules.rule_health(api.pool, [owner.e])}
    rows = await rules.current_rules(api.pool, [owner.e])
    nowhere = await rules.accepted_nowhere(api.pool, [owner.e])
    lines = [
        RuleLine(row, health.get(row.rule), watched_by(json.loads(row.definition)), nowhere.get((row.e, row.rule), ()))
        for row in rows
    ]
    return sorted(lines, key=lambda line: (not line.judged, not (line.health and line.health.firing)))


def watched_by(definition: Mapping[str, object]) -> str:
    """Where a rule looks: the values under `watches`, as its rule book has them."""
    watches = definition.get("watches")
    if not isinstance(watches, Mapping):
        return ""
    words: list[str] = []
    for key, held in watches.items():
        if held and key != "enterprises":
            words += [str(one) for one in held] if isinstance(held, list) else [str(held)]
    return ", ".join(words)


def figures_of(definition: Mapping[str, object]) -> dict[str, str]:
    """What can be tried out of a rule: numbers and spans, by their path in the rule book, with what they are now."""
    condition = definition.get("condition")
    held = {f"condition.{key}": one for key, one in condition.items()} if isinstance(condition, Mapping) else {}
    held |= {key: definition[key] for key in _OWN_FIGURES if key in definition}
    return {path: str(one) for path, one in held.items() if _is_figure(one)}


def _is_figure(held: object) -> bool:
    if isinstance(held, bool):
        return False
    return isinstance(held, int | float) or (isinstance(held, str) and held[:1].isdigit() and held[-1:] in "smhd")


def changes_of(path: str, value: str) -> dict[str, object]:
    """`condition.load_factor_below` and `0.3` as the rule book would have them, nested."""
    found: object
    try:
        found = float(value)
    except ValueError:
        found = value.strip()
    for key in reversed(path.split(".")):
        found = {key: found}
    assert isinstance(found, dict)
    return found


def outcome_of(found: Backtest, owner: EnterpriseRow) -> Outcome:
    """A backtest drawn: a lane a subject, the busiest first."""
    zone = zone_of(owner.timezone)
    raised = sorted((s for s in found.subjects if s.episodes), key=lambda s: (-len(s.episodes), s.subject))
    lanes = tuple(Lane(one, tuple(_bar(found, one, past, zone) for past in one.episodes)) for one in raised[:_LANES])
    lines = sorted(
        ((one, past) for one in raised for past in one.episodes), key=lambda line: line[1].episode.started_at
    )
    unknown = sorted((s for s in found.subjects if s.unknown), key=lambda s: -s.unknown)
    return Outcome(
        found,
        lanes,
        len(raised) - len(lanes),
        tuple(lines[:_LINES]),
        ticks_of(found.start, found.end, zone),
        tuple((one, max(one.reasons, key=lambda code: one.reasons[code])) for one in unknown[:_LANES]),
    )


def _bar(found: Backtest, one: SubjectHistory, past: PastEpisode, zone: ZoneInfo) -> Bar:
    episode = past.episode
    whole = found.end - found.start
    left = max(0.0, (episode.started_at - found.start) / whole * 100)
    hours = past.lasts(one.end).total_seconds() / 3600
    title = f"{one.subject} {episode.started_at.astimezone(zone):%m-%d %H:%M} {hours:.1f} h"
    return Bar(round(left, 3), round(past.lasts(one.end) / whole * 100, 3), title, episode.resolved_at is None)


def ticks_of(start: datetime, end: datetime, zone: ZoneInfo, most: int = 8) -> tuple[tuple[float, str], ...]:
    """Local midnights along a span, so many at most."""
    first = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    days = (end - start) / timedelta(days=1)
    every = max(1, round(days / most))
    found: Sequence[datetime] = [first + timedelta(days=n) for n in range(0, int(days) + 2, every)]
    return tuple((round((day - start) / (end - start) * 100, 3), f"{day:%m-%d}") for day in found if start <= day < end)
