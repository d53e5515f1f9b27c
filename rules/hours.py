"""When a channel is told of something: at once, at the end of its quiet hours, or with its next digest. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from enms.alerts import Severity
from rules.channels import RANK, Channel, Quiet

# Nothing joins a slot so late: what is posted now may be committed a little later, and a slot goes once.
MARGIN = timedelta(minutes=2)
_DAY = timedelta(days=1)


def slot(channel: Channel, severity: Severity, now: datetime, *, low: bool = False) -> datetime | None:
    """When it goes together with others; None: at once.

    Args:
        channel: where to.
        severity: of the alert.
        now: the clock.
        low: for the digest whatever its severity is (an alert that was over before anybody noticed).
    """
    digest, quiet = channel.said.digest, channel.said.quiet_hours
    if digest is not None and (low or RANK[severity] <= RANK[digest.up_to]):
        return _next(digest.at, now + MARGIN, channel.zone)
    if quiet is None or (quiet.but_for != "nothing" and RANK[severity] >= RANK[quiet.but_for]):
        return None
    if not is_quiet(quiet, now, channel.zone):
        return None
    return with_or_after(_next((quiet.ends,), now, channel.zone), now)


def with_or_after(found: datetime, now: datetime) -> datetime:
    """A slot to come; where it is too late to join it, one just after it."""
    return found if found >= now + MARGIN else found + MARGIN


def is_quiet(quiet: Quiet, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the local clock is within quiet hours; they may pass midnight."""
    clock = now.astimezone(zone).time()
    if quiet.begins <= quiet.ends:
        return quiet.begins <= clock < quiet.ends
    return clock >= quiet.begins or clock < quiet.ends


def _next(times: tuple[time, ...], after: datetime, zone: ZoneInfo) -> datetime:
    """The first of some times of day at or after an instant."""
    today = after.astimezone(zone).date()
    found = (datetime.combine(today + days * _DAY, at, zone).astimezone(UTC) for days in range(3) for at in times)
    return min(instant for instant in found if instant >= after)
