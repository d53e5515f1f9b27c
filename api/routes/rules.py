"""GET /rules: what is watched, and what is wrong with the rule books."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api import csv_out
from api.deps import Api
from api.language import Language
from api.paging import Page
from api.params import AnyEnterprise, Bom, FormatChoice
from api.problems import RESPONSES
from db import plants, rules

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
    codes = {row.e: row.code for row in await plants.enterprises(api.pool)}
    if enterprise is not None:
        owner = await plants.enterprise(api.pool, enterprise)
        codes = {owner.e: owner.code}
    health = {(row.e, row.rule): row for row in await rules.rule_health(api.pool, list(codes))}
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
