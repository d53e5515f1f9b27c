"""Questions to the backtest, from the API and from the console: every mistake of one at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.deps import Context
from api.spans import instant
from db import plants, rules
from db.plants import EnterpriseRow
from enms.backtest import Backtest
from enms.errors import InputError, Mistake, NotFoundError, UnavailableError

LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, as it came in.

    Attributes:
        rule: id of a rule of the enterprise, or a whole entry as a rule book has it.
        changes: figures to replace in it: `{"condition": {"load_factor_below": 0.3}}`.
        start, end: as the API takes instants; None: what is usual for such a rule before the end, now.
    """

    enterprise: str
    rule: str | Mapping[str, object]
    changes: Mapping[str, object]
    start: str | None
    end: str | None


async def run(context: Context, question: Question, prefix: str) -> Backtest:
    """The answer.

    Args:
        context: of the request.
        question: what is asked.
        prefix: of the places of mistakes: "body", "query".

    Raises:
        NotFoundError: the enterprise or the rule is unknown.
        InputError: every mistake of the span and of the rule.
        UnavailableError: this process cannot.
    """
    tester = context.backtest
    if tester is None:
        raise UnavailableError("this process runs no backtests")
    owner = await plants.owner(context.pool, question.enterprise)
    entry = changed(await _entry(context, owner, question.rule), question.changes)
    start, end, mistakes = _span(context, owner, question, prefix)
    mistakes += [Mistake(f"{prefix}.rule.{m.place}", m.reason) for m in tester.mistakes(entry)]
    if mistakes or end is None:
        raise InputError("", mistakes)
    return await tester(owner, entry, start, end)


def changed(entry: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """An entry with some of its figures replaced, at any depth."""
    found = dict(entry)
    for key, value in changes.items():
        held = found.get(key)
        found[key] = changed(held, value) if isinstance(held, Mapping) and isinstance(value, Mapping) else value
    return found


async def _entry(context: Context, owner: EnterpriseRow, rule: str | Mapping[str, object]) -> Mapping[str, object]:
    if not isinstance(rule, str):
        return rule
    for row in await rules.current_rules(context.pool, [owner.e]):
        if row.rule == rule:
            found: Mapping[str, object] = json.loads(row.definition)
            return found
    raise NotFoundError(f"no rule {rule!r} at {owner.code}")


def _span(
    context: Context, owner: EnterpriseRow, question: Question, prefix: str
) -> tuple[datetime | None, datetime | None, list[Mistake]]:
    """Begin, if one is asked for, and end, if there are no mistakes."""
    mistakes: list[Mistake] = []
    end = start = None
    try:
        end = instant(question.end, f"{prefix}.to", owner) if question.end else context.clock()
    except InputError as problem:
        mistakes += problem.mistakes
    try:
        start = instant(question.start, f"{prefix}.from", owner) if question.start else None
    except InputError as problem:
        mistakes += problem.mistakes
    if start is not None and end is not None:
        if end <= start:
            mistakes.append(Mistake(f"{prefix}.to", "must be after from"))
        elif end - start > LONGEST:
            mistakes.append(Mistake(f"{prefix}.to", f"more than {LONGEST.days} days after from"))
    return start, end, mistakes
