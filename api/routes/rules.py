"""GET /rules: what is watched, and what is wrong with the rule books. POST /rules/backtest: what would have been."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api import backtests, csv_out
from api.body import Body
from api.deps import Api
from api.language import Language
from api.paging import Page
from api.params import AnyEnterprise, Bom, FormatChoice
from api.problems import RESPONSES
from db import plants, rules
from enms.backtest import USUAL, USUAL_BY_MONTH, plain
from enms.steps import StepLength

router = APIRouter(tags=["alerts"], responses=RESPONSES)


class RuleItem(BaseModel):
    """A rule as it holds for an enterprise, and how it is doing."""

    enterprise: str
    rule: str = Field(examples=["blast_furnace_energy_day"])
    version: int
    title: str
    kind: str
    purpose: str
    severity: str
    cadence: str
    unit: str
    source: str = Field(description="Clause or source")
    file: str
    recorded_at: datetime
    subjects: int = Field(description="How many subjects it watches")
    firing: int
    pending: int
    unknown: int = Field(description="Subjects it cannot judge now")
    error: str | None = Field(description="Why judging failed last; null: it did not")
    accepted_nowhere: list[str] = Field(description="Codes under `accepted` that are a subject of it at no enterprise")
    evaluated_until: datetime | None = Field(description="Every subject is judged up to here")
    definition: dict[str, Any]


class MistakeItem(BaseModel):
    """One thing wrong in a rule book."""

    line: int | None
    place: str
    reason: str


class RuleFileItem(BaseModel):
    """A rule book as last read; one with mistakes is refused."""

    file: str
    loaded_at: datetime
    rules: list[str]
    mistakes: list[MistakeItem]


class RulePage(Page[RuleItem]):
    """The rules, and the rule books they come from with their mistakes."""

    files: list[RuleFileItem]


@router.get("/rules", response_model=RulePage, summary="What is loaded, with mistakes")
async def list_rules(
    request: Request,
    api: Api,
    language: Language,
    enterprise: AnyEnterprise = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[RuleItem]:
    codes = {row.e: row.code for row in await plants.owners(api.pool)}
    if enterprise is not None:
        owner = await plants.owner(api.pool, enterprise)
        codes = {owner.e: owner.code}
    health = {(row.e, row.rule): row for row in await rules.rule_health(api.pool, list(codes))}
    nowhere = await rules.accepted_nowhere(api.pool, list(codes))
    items = []
    for row in await rules.current_rules(api.pool, list(codes)):
        doing = health.get((row.e, row.rule))
        items.append(
            RuleItem(
                enterprise=codes[row.e],
                rule=row.rule,
                version=row.version,
                title=row.title(language),
                kind=row.kind,
                purpose=row.purpose,
                severity=row.severity,
                cadence=row.cadence,
                unit=row.unit,
                source=row.source,
                file=row.file,
                recorded_at=row.recorded_at,
                subjects=doing.subjects if doing else 0,
                firing=doing.firing if doing else 0,
                pending=doing.pending if doing else 0,
                unknown=doing.unknown if doing else 0,
                error=doing.error if doing else None,
                accepted_nowhere=list(nowhere.get((row.e, row.rule), ())),
                evaluated_until=doing.evaluated_until if doing else None,
                definition=json.loads(row.definition),
            )
        )
    files = [
        RuleFileItem(
            file=row.file,
            loaded_at=row.loaded_at,
            rules=list(row.rules),
            mistakes=[MistakeItem(line=m.line, place=m.place, reason=m.reason) for m in row.mistakes],
        )
        for row in await rules.rule_files(api.pool)
    ]
    page = RulePage(items=items, files=files)
    return csv_out.answer(request, page, RuleItem, wanted, name="rules", bom=bom)


_FROM = f"If left out {USUAL.days} days before `to`, {USUAL_BY_MONTH.days} of a rule that judges by the month"


class BacktestIn(Body):
    """A rule of the enterprise by its id, or a whole one as a rule book has it, and the past to hold it against."""

    enterprise: str = Field(max_length=200, examples=["demo-steel"])
    rule: str | dict[str, Any] = Field(examples=["motor_underload"])
    overrides: dict[str, Any] = Field(
        default={}, description="Figures to replace", examples=[{"condition": {"load_factor_below": 0.3}, "for": "1h"}]
    )
    start: str | None = Field(default=None, alias="from", max_length=64, description=_FROM)
    end: str | None = Field(default=None, alias="to", max_length=64, description="Now if left out")


class EpisodeItem(BaseModel):
    """An alert that would have been raised."""

    started_at: datetime
    fired_at: datetime
    resolved_at: datetime | None = Field(description="null: it would still be open")
    seconds: float = Field(description="From its beginning to its resolution, or to the end of what was judged")
    value: float | None = Field(description="When it fired")
    limit: float | None


class HistoryItem(BaseModel):
    """One subject: what it would have raised, and how long nothing could be said."""

    subject: str
    start: datetime = Field(description="Judged from here")
    end: datetime = Field(description="to here: what is closed and has readings")
    alerts: int
    alerts_a_month: float | None
    flaps: int = Field(description="Alerts that began within a day after the one before resolved")
    firing_s: float
    longest_s: float | None
    met_s: float
    clear_s: float
    unknown_s: float
    withheld_s: float = Field(description="Of unknown_s, while an alert would have been open")
    reasons: dict[str, float] = Field(description="Why it was unknown, seconds")
    episodes: list[EpisodeItem]


class BacktestItem(BaseModel):
    """What a rule would have raised. Nothing is recorded."""

    enterprise: str
    rule: str
    unit: str
    start: datetime
    end: datetime
    alerts: int
    alerts_a_month: float | None
    flaps: int
    judgements: int = Field(description="0: nothing was judged, which is not that nothing would have been raised")
    step: StepLength | None = Field(description="What is judged at once; null: nothing here that the rule watches")
    nothing_judged: str | None = Field(description="Why nothing was judged, or could be; null: something was")
    as_known_now: bool = Field(description="About arrival itself: when it was missing, more would have been raised")
    subjects: list[HistoryItem]


@router.post("/rules/backtest", response_model=BacktestItem, summary="What a rule would have raised in a closed past")
async def backtest(api: Api, body: BacktestIn) -> BacktestItem:
    """The same conditions and the same lifecycle as live, over at most 400 days."""
    question = backtests.Question(body.enterprise, body.rule, body.overrides, body.start, body.end)
    found = await backtests.run(api, question, "body")
    return BacktestItem.model_validate({"enterprise": body.enterprise, **plain(found)})
