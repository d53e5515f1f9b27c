"""Where an enterprise's subjects stand, as one process remembers them between evaluations.

Most subjects only go on: another quarter hour, the same answer. That is remembered at once and written down when there
is time (`settle`), all of it together; whatever an alert is about is written in the evaluation's own transaction. Who
dies in between leaves subjects that stand a little earlier: they are judged again from there, by the same ledger, with
the same answers. The cursor's serial says whether somebody else has evaluated since; then all of it is read anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from db import rules as store
from db.rules import PointState, SubjectRow, VerdictSpan
from rules.conditions import Subject
from rules.lifecycle import Memory
from rules.plan import memory_of


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one subject of a rule stands.

    Attributes:
        last: the answer that reaches up to where it was judged; None: there is none.
        stored: the same answer as the database has it.
        behind: `row` and `last` are not written down yet.
    """

    row: SubjectRow
    memory: Memory
    last: VerdictSpan | None
    stored: VerdictSpan | None
    behind: bool = False

    @property
    def written(self) -> Standing:
        """The same, once it is written down."""
        return Standing(self.row, self.memory, self.last, self.last)


@dataclass(slots=True)
class Standings:
    """All subjects of one enterprise.

    Attributes:
        serial: of the cursor, when this was so.
        rules: by rule, then subject.
        subjects: of rules whose subjects only a configuration changes.
        states: how far the ledger was when everything was judged; None: something is left to judge.
    """

    serial: int
    rules: dict[str, dict[str, Standing]]
    subjects: dict[str, list[Subject[Any]]] = field(default_factory=dict)
    states: Mapping[int, PointState] | None = None

    def __len__(self) -> int:
        return sum(len(subjects) for subjects in self.rules.values())

    @property
    def behind(self) -> bool:
        """Whether anything is not written down yet."""
        return any(standing.behind for subjects in self.rules.values() for standing in subjects.values())

    @classmethod
    async def read(cls, connection: asyncpg.Connection, e: int, serial: int) -> Standings:
        """As the database has them."""
        found: dict[str, dict[str, Standing]] = {}
        last = await store.last_verdicts(connection, e)
        for row in await store.subjects(connection, e):
            answer = last.get((row.rule, row.subject))
            standing = Standing(row, memory_of(row.memory), answer, answer)
            found.setdefault(row.rule, {})[row.subject] = standing
        return cls(serial, found)

    async def write(
        self, connection: asyncpg.Connection, e: int, rule: str | None = None, only: Sequence[str] | None = None
    ) -> int:
        """Write down what is behind: of all rules, of one, or of some subjects of one; how many they were."""
        behind = [
            (name, code, standing)
            for name, subjects in (self.rules.items() if rule is None else [(rule, self.rules.get(rule, {}))])
            for code, standing in (subjects.items() if only is None else [(c, subjects[c]) for c in only])
            if standing.behind
        ]
        await store.put_verdicts(connection, e, [(n, c, s.last) for n, c, s in behind if s.last is not None])
        await store.put_subjects(connection, e, [s.row for _, _, s in behind])
        for name, code, standing in behind:
            self.rules[name][code] = standing.written
        return len(behind)
