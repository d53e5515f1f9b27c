"""Evaluates an enterprise's rules: one transaction that holds its cursor, so that two evaluators never fire twice.

What the ledger published since last time is taken off its list in the same transaction that writes verdicts,
transitions, evidence and messages: a crash leaves all of it for the next evaluator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import structlog

from db import plants
from db import rules as store
from db.plants import EnterpriseRow
from db.pool import AWAY
from db.rules import Change, PointState, RuleFileRow, RuleRow
from db.statements import statements
from enms.alerts import Step
from rules.book import BookFile
from rules.conditions import Condition
from rules.definition import Rule
from rules.desk import Desk
from rules.facts import Facts
from rules.judging import RuleRun
from rules.kinds import condition_of
from rules.portions import MOST
from rules.record import LoadedRule, Tally, end_subject
from rules.standings import Standings

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one evaluation of one enterprise did.

    Attributes:
        busy: another evaluator holds the enterprise; nothing was done.
        left: how far the rules are behind what the ledger has closed for them.
        steps: spans that were judged.
        transitions: written, by kind.
        failed: rules that could not be judged; they are tried again.
    """

    busy: bool
    left: timedelta
    steps: int
    transitions: Mapping[Step, int]
    failed: tuple[str, ...]

    @property
    def more(self) -> bool:
        """Whether there is more to catch up: ask again."""
        return self.left > timedelta()


BUSY = Outcome(busy=True, left=timedelta(), steps=0, transitions={}, failed=())
NOTHING = Outcome(busy=False, left=timedelta(), steps=0, transitions={}, failed=())
# Subjects that one process remembers, of all enterprises.
_MOST = 200_000


class Evaluator:
    """The rules of some rule books on any enterprise."""

    def __init__(
        self,
        books: Sequence[BookFile],
        condition: Callable[[Rule, EnterpriseRow], Condition[Any, Any]] = condition_of,
        desk: Desk | None = None,
        *,
        at_most: int = MOST,
    ) -> None:
        self._at_most = at_most
        self._books = tuple(books)
        self._rules = [(rule, book.name) for book in books for rule in book.rules]
        self._condition = condition
        self._desk = desk or Desk(())
        self._versions: dict[int, dict[str, int]] = {}
        self._standings: dict[int, Standings] = {}

    async def district(self, connection: asyncpg.Connection, now: datetime) -> EnterpriseRow | None:
        """What rules judge of all plants together, in a cursor of its own; None: nothing is."""
        if any(rule.scope == "district" for rule, _ in self._rules):
            return await plants.ensure_district(connection, now)
        # a book without such rules any more ends their alerts
        return next((row for row in await plants.owners(connection) if row.scope == "district"), None)

    async def publish_books(self, connection: asyncpg.Connection, now: datetime) -> None:
        """Let people see which files were read and which were refused."""
        files = [
            RuleFileRow(b.name, b.digest, now, tuple(rule.id for rule in b.rules), b.mistakes) for b in self._books
        ]
        async with connection.transaction():
            await store.put_rule_files(connection, files)

    async def evaluate(
        self,
        connection: asyncpg.Connection,
        enterprise: EnterpriseRow,
        now: datetime,
        *,
        full: bool = True,
        settle: bool = True,
    ) -> Outcome:
        """Judge everything that is closed and not judged yet, and everything the ledger told anew.

        Args:
            connection: idle.
            enterprise: whose rules.
            now: the clock, for what is recorded; which instants are judged comes from the ledger.
            full: look at everything; else only at what the ledger changed since all was judged by this evaluator: for
                callers that hear of every change of a configuration, and then look at everything.
            settle: write down at once where subjects stand that only go on; else `settle` does.
        """
        sql = statements("rules")
        e = enterprise.e
        await sql.ensure_cursor(connection, e=e)
        async with connection.transaction():
            serial = await sql.lock_cursor(connection, e=e)
            if serial is None:
                return BUSY
            rules = await self._loaded(connection, enterprise, now)
            changes = {change.p: change for change in await store.take_changes(connection, e)}
            facts = Facts(connection)
            states = await facts.ask(store.point_states, e)
            standings = self._standings.pop(e, None)
            if standings is None or standings.serial != serial:
                standings = await Standings.read(connection, e, serial)
            touched = None if full else _touched(standings, states, changes)
            standings.states = None
            live = [loaded for loaded in rules if loaded.rule.cadence == "1m"]
            if touched is not None and not touched and not live:
                standings.states = states
                self._keep(e, standings)
                return NOTHING
            tally = Tally(self._desk)
            await self._end_retired(connection, enterprise, rules, standings, now, tally)
            read = await store.live_states(connection, e, states) if live else states
            each = [
                (
                    loaded,
                    RuleRun(
                        facts,
                        enterprise,
                        loaded,
                        self._condition(loaded.rule, enterprise),
                        standings,
                        now,
                        tally,
                        at_most=self._at_most,
                    ),
                    *((read, _all(touched, read)) if loaded in live else (states, touched)),
                )
                for loaded in (rules if touched is None or touched else live)
            ]
            steps, left, failed = await self._run(connection, e, each, changes, standings)
            if touched is not None and not touched and not steps and not failed:
                standings.states = states
                self._keep(e, standings)
                return NOTHING
            if settle or failed:
                await standings.write(connection, e)
            await sql.move_cursor(connection, e=e, now=now, by=1)
        self._versions[e] = {loaded.rule.id: loaded.version for loaded in rules}
        if not failed:
            standings.serial = serial + 1
            standings.states = states if not left else None
            self._keep(e, standings)
        return Outcome(busy=False, left=left, steps=steps, transitions=tally.transitions, failed=tuple(failed))

    @staticmethod
    async def _run(
        connection: asyncpg.Connection,
        e: int,
        each: Sequence[tuple[LoadedRule, RuleRun, Mapping[int, PointState], set[int] | None]],
        changes: Mapping[int, Change],
        standings: Standings,
    ) -> tuple[int, timedelta, list[str]]:
        """Each rule with how far its points are and which of them have news: steps, how much is left, failures."""
        steps, left, failed = 0, timedelta(), list[str]()
        for loaded, run, states, touched in each:
            if touched is not None and run.at_rest(touched):
                continue
            try:
                async with connection.transaction():
                    progress = await run.run(changes, states, touched)
            except Exception as problem:  # one rule's trouble is not another's
                # asyncpg's refusal of an argument is an InterfaceError and a ValueError
                if isinstance(problem, AWAY) and not isinstance(problem, ValueError):
                    raise
                logger.exception("rule failed", rule=loaded.rule.id, e=e)
                failed.append(loaded.rule.id)
                since = min((c.from_start for c in changes.values()), default=None)
                reason = f"{type(problem).__name__}: {problem}"
                await standings.write(connection, e, loaded.rule.id)
                await statements("rules").postpone(connection, e=e, rule=loaded.rule.id, redo_from=since, error=reason)
                continue
            standings.rules.setdefault(loaded.rule.id, {}).update(progress.standings)
            steps += progress.steps
            left = max(left, progress.left)
        return steps, left, failed

    async def settle(self, connection: asyncpg.Connection, now: datetime) -> int:
        """Write down where subjects stand that only went on, unless others judged them since; how many they were."""
        sql, written = statements("rules"), 0
        for e in [e for e, standings in self._standings.items() if standings.behind]:
            async with connection.transaction():
                if await sql.lock_cursor(connection, e=e) != self._standings[e].serial:
                    continue
                standings = self._standings.pop(e)
                written += await standings.write(connection, e)
                await sql.move_cursor(connection, e=e, now=now, by=0)
            self._keep(e, standings)
        return written

    def _keep(self, e: int, standings: Standings) -> None:
        """Remember where an enterprise stands; beyond the bound the one judged the longest ago is forgotten."""
        self._standings[e] = standings
        while len(self._standings) > 1 and sum(map(len, self._standings.values())) > _MOST:
            self._standings.pop(next(iter(self._standings)))

    async def _loaded(
        self, connection: asyncpg.Connection, enterprise: EnterpriseRow, now: datetime
    ) -> list[LoadedRule]:
        """The rules for this enterprise with their versions; recorded the first time this process sees it."""
        wanted = [
            (rule, file)
            for rule, file in self._rules
            if rule.scope == enterprise.scope
            and (rule.scope == "district" or enterprise.code in (rule.watches.enterprises or (enterprise.code,)))
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
        standings: Standings,
        now: datetime,
        tally: Tally,
    ) -> None:
        present = {loaded.rule.id for loaded in rules}
        for subjects in [subjects for rule, subjects in standings.rules.items() if rule not in present]:
            for code, standing in subjects.items():
                if standing.row.ended_at is None:
                    subjects[code] = await end_subject(connection, enterprise.e, standing, now, tally, "rule_retired")


def _touched(standings: Standings, states: Mapping[int, PointState], changes: Mapping[int, Change]) -> set[int] | None:
    """Points of which anything is new since all was judged; None: that was never so."""
    if standings.states is None:
        return None
    return {p for p, state in states.items() if standings.states.get(p) != state} | set(changes)


def _all(touched: set[int] | None, states: Mapping[int, PointState]) -> set[int] | None:
    """Every point, once it is known what there is: readings come that the ledger does not tell of yet."""
    return None if touched is None else set(states)


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
