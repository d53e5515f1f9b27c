"""Who is told of what: messages for people, put in the outbox in the transition's own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from db import outbox
from db.alerts import AlertRow, get_alert, message_of
from enms.alerts import AlertState, Severity, Step
from rules.channels import Channel, ChannelFile
from rules.hours import slot, with_or_after
from rules.telling import tell

# What ends an alert: whoever was told of it, for whatever reason, is told that, though it be shelved or suppressed.
_OVER = {
    Step.RESOLVED: "resolved",
    Step.PERIOD_OVER: "period_over",
    **dict.fromkeys((Step.RETRACTED, Step.MERGED, Step.ENDED), "withdrawn"),
}
_AGAIN = {Step.UNSUPPRESSED, Step.UNSHELVED, Step.REOPENED}


class Desk:
    """Posts for the channels of one file."""

    def __init__(self, channels: Sequence[Channel], public_url: str = "", escalation_roles: Sequence[str] = ()) -> None:
        self._channels = tuple(channels)
        self._public_url = public_url.rstrip("/")
        self._escalation_roles = tuple(escalation_roles)

    @classmethod
    def of(cls, file: ChannelFile, public_url: str) -> Desk:
        """For a channels file; one that is refused tells nobody."""
        return cls(file.channels, public_url, file.escalation_roles)

    @property
    def knows_people(self) -> bool:
        """Whether any channel reaches somebody in person."""
        return any(channel.said.people for channel in self._channels)

    async def post(
        self,
        connection: asyncpg.Connection,
        e: int,
        alert: int,
        kind: Step,
        n: int,
        now: datetime,
        *,
        why: str | None = None,
    ) -> int:
        """Post what people are to know of a transition; how many messages.

        Args:
            connection: in the transition's transaction.
            e, alert: whose.
            kind, n: the transition.
            now: the clock.
            why: of an escalation.
        """
        if not self._channels:
            return 0
        row = await get_alert(connection, alert)
        event = _event(row, kind)
        if event is None:
            return 0
        says = await outbox.saying(connection, e, alert)
        knows = await outbox.told_channels(connection, e, alert)
        collected = await outbox.collected(connection, e, alert) if kind in _OVER else {}
        louder = kind is Step.ESCALATED or kind in _OVER
        roles = (*says.roles, *(self._escalation_roles if louder else ()))
        severity, posted = Severity(row.severity), 0
        people = _concerned(row, kind)
        for channel in self._channels:
            if kind in _OVER:
                reached = channel.name in knows
            else:
                reached = channel.reaches(row.enterprise, people)
                if not reached and event != "assigned":
                    reached = channel.fits(row.enterprise, severity, roles)
            if not reached:
                continue
            if event == "late" and channel.said.digest is None:
                continue
            due = slot(channel, severity, now, low=event == "late")
            first = collected.get(channel.name)
            if first is not None and first > now:  # nobody hears of an end before what it ends
                after = with_or_after(first, now)
                due = after if due is None else max(after, due)
            key = f"{row.enterprise}/{row.id}/{n}/{channel.name}"
            link = f"{self._public_url}/alerts/{row.id}" if self._public_url else ""
            told = tell(row, says, event, channel.language, link=link, key=key, why=why)
            await outbox.post(
                connection,
                e,
                alert,
                n,
                channel=channel.name,
                event=event,
                told=f"{', '.join(_addressed(channel, roles, people))} — {channel.way.shown}",
                payload={
                    "title": told.title,
                    "body": told.body,
                    "key": key,
                    "link": link,
                    "event": event,
                    "alert": message_of(row, kind, n, now) | {"key": key},
                },
                now=now,
                slot=due,
            )
            posted += 1
        return posted


def _concerned(row: AlertRow, kind: Step) -> set[str]:
    """Whom a transition concerns in person: who has an alert is told that, that it is off its shelf again, its end."""
    if kind not in {Step.ASSIGNED, Step.UNSHELVED, *_OVER} or row.assigned_to is None:
        return set()
    return {row.assigned_to}


def _addressed(channel: Channel, roles: Sequence[str], people: set[str]) -> list[str]:
    named = [person for person in channel.said.people if person in people]
    return [*named, *(role for role in roles if role in channel.said.roles)]


def _event(row: AlertRow, kind: Step) -> str | None:
    """What people are told of a transition; None: nothing."""
    firing = row.state == AlertState.FIRING
    if kind in _OVER:
        return _OVER[kind]
    if row.shelved_until is not None or (row.suppressed_by is not None and kind is not Step.ESCALATED):
        return None
    if kind is Step.ASSIGNED or kind in _AGAIN:
        return ("assigned" if kind is Step.ASSIGNED else "raised") if firing else None
    if kind is Step.FIRING:
        return "raised" if firing else "late"
    return "escalated" if kind is Step.ESCALATED else None
