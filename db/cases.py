"""Inspection cases as people see them: lists, one by one, what they stand on, what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from db.alerts import outcome
from db.statements import statements
from enms.cases import OPEN
from enms.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as it stands.

    Attributes:
        number: year and number, of the whole district.
        due_on: the enterprise's date until which rectification was last ordered.
        days_left: days to that date while the order stands; negative: overdue; None: no order stands.
        events: how many events its log has.
        alerts: how many it is about.
        moved: how many of them have other evidence now, or were retracted or merged since.
    """

    e: int
    id: int
    number: str
    enterprise: str
    title: str
    state: str
    opened_by: str
    opened_at: datetime
    due_on: date | None
    days_left: int | None
    events: int
    alerts: int
    moved: int

    @property
    def over(self) -> bool:
        """Whether nothing is to be done any more."""
        return self.state not in OPEN

    @property
    def overdue(self) -> bool:
        """Whether the order's date has passed without anybody verifying that it was mended."""
        return self.days_left is not None and self.days_left < 0


@dataclass(frozen=True, slots=True)
class CaseEventRow:
    """One thing that was done to a case. `detail` is JSON."""

    n: int
    kind: str
    recorded_at: datetime
    actor: str
    comment: str
    detail: str


@dataclass(frozen=True, slots=True)
class CaseAlertRow:
    """An alert as it was when it was added to a case, and what became of it.

    Attributes:
        version, sha256: the evidence that stood when it was added; None: none was frozen.
        value, limit_value, certainty: as they were then, in `unit`.
        value_now, limit_now, version_now, sha256_now: as they are.
        later: kinds of the alert's transitions since, in order.
    """

    alert: int
    added_at: datetime
    added_by: str
    version: int | None
    sha256: str | None
    value: float | None
    limit_value: float | None
    certainty: str | None
    rule: str
    rule_version: int
    subject: str
    purpose: str
    severity: str
    unit: str
    state: str
    closed: str | None
    started_at: datetime
    resolved_at: datetime | None
    withheld_since: datetime | None
    value_now: float | None
    limit_now: float | None
    retracted: bool
    merged_into: int | None
    title_zh: str
    title_en: str
    source: str
    version_now: int | None
    sha256_now: str | None
    later: tuple[str, ...]

    @property
    def outcome(self) -> str | None:
        """What `closed` is called."""
        return outcome(self.closed, self.withheld_since)

    @property
    def revised(self) -> bool:
        """Whether other evidence stands now."""
        return self.version != self.version_now

    @property
    def moved(self) -> bool:
        """Whether it no longer is as it was."""
        return self.revised or self.retracted or self.merged_into is not None

    def title(self, language: str) -> str:
        """The rule's title in zh or en."""
        return self.title_zh if language.startswith("zh") else self.title_en


@dataclass(frozen=True, slots=True)
class StandingRow:
    """Whether a case may be opened on an alert: not on one that was taken back, nor on one of another open case.

    Attributes:
        in_case: number of the open case that it is in.
    """

    e: int
    id: int
    retracted: bool
    merged_into: int | None
    in_case: str | None

    @property
    def free(self) -> bool:
        """Whether it may."""
        return not self.retracted and self.merged_into is None and self.in_case is None


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases; None is any.

    Attributes:
        es: of these enterprises.
        alert: about this alert.
        overdue: whether the date of an order that stands has passed.
        before: id of the last one on the page before.
    """

    es: tuple[int, ...] | None = None
    states: tuple[str, ...] | None = None
    alert: int | None = None
    overdue: bool | None = None
    before: int | None = None


async def list_cases(
    connection: asyncpg.Connection | asyncpg.Pool,
    wanted: CaseFilter,
    *,
    now: datetime,
    limit: int,
    urgent: bool = False,
) -> list[CaseRow]:
    """Cases, last opened first; `urgent`: orders first, by their dates."""
    return await _read(
        connection,
        now=now,
        es=None if wanted.es is None else list(wanted.es),
        states=None if wanted.states is None else list(wanted.states),
        alert=wanted.alert,
        overdue=wanted.overdue,
        before=wanted.before,
        urgent=urgent,
        n=limit,
    )


async def get_case(connection: asyncpg.Connection | asyncpg.Pool, number: str, *, now: datetime) -> CaseRow:
    """The case of that number.

    Raises:
        NotFoundError: there is none.
    """
    found = await _read(connection, now=now, number=number)
    if not found:
        raise NotFoundError(f"no case {number}")
    return found[0]


async def _read(
    connection: asyncpg.Connection | asyncpg.Pool,
    *,
    now: datetime,
    es: list[int] | None = None,
    number: str | None = None,
    states: list[str] | None = None,
    alert: int | None = None,
    overdue: bool | None = None,
    before: int | None = None,
    urgent: bool = False,
    n: int = 1,
) -> list[CaseRow]:
    rows = statements("cases").cases(
        connection,
        es=es,
        number=number,
        states=states,
        alert=alert,
        overdue=overdue,
        now=now,
        before=before,
        urgent=urgent,
        n=n,
    )
    return [CaseRow(**row) async for row in rows]


async def events(connection: asyncpg.Connection | asyncpg.Pool, case: CaseRow) -> list[CaseEventRow]:
    """Everything that was done to a case, in order."""
    rows = statements("cases").case_events(connection, e=case.e, case_id=case.id)
    return [CaseEventRow(**row) async for row in rows]


async def alerts_of(connection: asyncpg.Connection | asyncpg.Pool, case: CaseRow) -> list[CaseAlertRow]:
    """What a case stands on, in the order in which it was added."""
    rows = statements("cases").case_alerts(connection, e=case.e, case_id=case.id)
    return [CaseAlertRow(**{**row, "later": tuple(row["later"])}) async for row in rows]


async def standings(connection: asyncpg.Connection | asyncpg.Pool, alerts: Sequence[int]) -> list[StandingRow]:
    """What stands against a case on these alerts, by id; those that nobody knows are left out."""
    rows = statements("cases").alerts_as_they_are(connection, ids=list(alerts))
    return [StandingRow(**row) async for row in rows]
