"""Evaluates an enterprise's rules: one transaction that holds its cursor, so that two evaluators never fire twice.

What the ledger published since last time is taken off its list in the same transaction that writes verdicts,
transitions, evidence and messages: a crash leaves all of it for the next evaluator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import structlog

from db import rules as store
from db.plants import EnterpriseRow
from db.rules import RuleFileRow, RuleRow
from db.statements import statements
from enms.alerts import Step
from rules.book import BookFile
from rules.conditions import Condition
from rules.definition import Rule
from rules.desk import Desk
from rules.facts import Facts
from rules.judging import RuleRun
from rules.kinds import condition_of
from rules.record import LoadedRule, Tally, end_subject

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one evaluation of one enterprise did.

    Attributes:
        busy: another evaluator holds the enterprise; nothing was done.
        more: there is more to catch up; ask again.
        steps: spans that were judged.
        transitions: written, by kind.
        failed: rules that could not be judged; they are tried again.
    """

    busy: bool
    more: bool
    steps: int
    transitions: Mapping[Step, int]
    failed: tuple[str, ...]


BUSY = Outcome(busy=True, more=False, steps=0, transitions={}, failed=())


class Evaluator:
    """The rules of some rule books on any enterprise."""

    def __init__(
        self,
        books: Sequence[BookFile],
        condition: Callable[[Rule, EnterpriseRow], Condition[Any, Any]] = condition_of,
        desk: Desk | None = None,
    ) -> None:
        self._books = tuple(books)
        self._rules = [(rule, book.name) for book in books for rule in book.rules]
        self._condition = condition
        self._desk = desk or Desk(())
        self._versions: dict[int, dict[str, int]] = {}

    async def publish_books(self, connection: asyncpg.Connection, now: datetime) -> None:
        """Let people see which files were read and which were refused."""
        files = [
            RuleFileRow(b.name, b.digest, now, tuple(rule.id for rule in b.rules), b.mistakes) for b in self._books
        ]
        async with connection.transaction():
            await store.put_rule_files(connection, files)

    async def evaluate(self, connection: asyncpg.Connection, enterprise: EnterpriseRow, now: datetime) -> Outcome:
        """Judge everything that is closed and not judged yet, and everything the ledger told anew.

        Args:
            connection: idle.
            enterprise: whose rules.
            now: the clock, for what is recorded; which instants are judged comes from the ledger.
        """
        sql = statements("rules")
        e = enterprise.e
        await sql.ensure_cursor(connection, e=e)
        async with connection.transaction():
            if await sql.lock_cursor(connection, e=e) is None:
                return BUSY
            rules = await self._loaded(connection, enterprise, now)
            changes = {change.p: change for change in await store.take_changes(connection, e)}
            facts = Facts(connection)
            states = await facts.ask(store.point_states, e)
            tally, steps, more, failed = Tally(self._desk), 0, False, []
            await self._end_retired(connection, enterprise, rules, now, tally)
            for loaded in rules:
                condition = self._condition(loaded.rule, enterprise)
                run = RuleRun(facts, enterprise, loaded, condition, now, tally)
                try:
                    async with connection.transaction():
                        progress = await run.run(changes, states)
                except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError):
                    raise
                except Exception as problem:  # one rule's trouble is not another's
                    logger.exception("rule failed", rule=loaded.rule.id, enterprise=enterprise.code)
                    failed.append(loaded.rule.id)
                    since = min((c.from_start for c in changes.values()), default=None)
                    reason = f"{type(problem).__name__}: {problem}"
                    await sql.postpone(connection, e=e, rule=loaded.rule.id, redo_from=since, error=reason)
                    continue
                steps += progress.steps
                more = more or progress.more
            await sql.move_cursor(connection, e=e, now=now)
        self._versions[e] = {loaded.rule.id: loaded.version for loaded in rules}
        return Outcome(busy=False, more=more, steps=steps, transitions=tally.transitions, failed=tuple(failed))

    async def _loaded(
        self, connection: asyncpg.Connection, enterprise: EnterpriseRow, now: datetime
    ) -> list[LoadedRule]:
        """The rules for this enterprise with their versions; recorded the first time this process sees it."""
        wanted = [
            (rule, file)
            for rule, file in self._rules
            if rule.watches.enterprises is None or enterprise.code in rule.watches.enterprises
        ]
        versions = self._versions.get(enterprise.e)
        if versions is None:
            rows = [_row(enterprise.e, rule, file, now) for rule, file in wanted]
            versions = await store.put_rules(connection, enterprise.e, rows, now)
        return [LoadedRule(rule, versions[rule.id]) for rule, _ in wanted]

    async def _end_retired(
        self,
        connection: asyncpg.Connection,
        enterprise: EnterpriseRow,
        rules: Sequence[LoadedRule],
        now: datetime,
        tally: Tally,
    ) -> None:
        present = {loaded.rule.id for loaded in rules}
        for row in await store.subjects(connection, enterprise.e):
            if row.rule not in present and row.ended_at is None:
                await end_subject(connection, enterprise.e, row, now, tally, "rule_retired")


def _row(e: int, rule: Rule, file: str, now: datetime) -> RuleRow:
    return RuleRow(
        e=e,
        rule=rule.id,
        version=0,
        sha256=rule.digest,
        recorded_at=now,
        file=file,
        kind=rule.kind.value,
        purpose=rule.purpose.value,
        severity=rule.severity.value,
        cadence=rule.cadence,
        unit=rule.unit,
        title_zh=rule.title.zh,
        title_en=rule.title.en,
        source=rule.source,
        definition=rule.definition,
    )
