"""The open alerts on a wall: alike ones as one, the most severe first, as many as can be read whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from api.console.i18n import Catalogue
from api.console.wall_trend import distinct
from api.console.words import word
from api.deps import Context
from db import alerts
from db.alerts import AlertRow, Filter
from db.plants import EnterpriseRow

# What fits below one another at 64 px on a screen of 1080.
ROWS = 5
# An alarm longer than this is cut: the desk has the rest.
MOST_ROWS_EACH = 2
# Of the wall's half, in em; a Chinese character is 1 wide, a Latin letter of the fonts used about half.
_WIDTH_EM = 13.5
_LATIN_EM = 0.53
_LOOKED_AT = 1000
_RANK = {"critical": 0, "warning": 1, "notice": 2}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alert, or several of one rule.

    Attributes:
        since: when the earliest of them began.
        count: how many it stands for.
    """

    severity: str
    word: str
    since: datetime
    title: str
    where: str
    count: int

    @property
    def rows(self) -> int:
        """How many rows its text takes, at most MOST_ROWS_EACH."""
        times = " ×88" if self.count > 1 else ""
        text = f"{self.word}{times} 88 h {self.where} {self.title}"
        width = sum(1.0 if ord(letter) > 0x2E80 else _LATIN_EM for letter in text)
        return min(MOST_ROWS_EACH, -int(-width // _WIDTH_EM))


@dataclass(frozen=True, slots=True)
class Alarms:
    """What is shown, and how many open alerts there are beyond."""

    shown: tuple[Alarm, ...]
    more: int


async def open_alarms(context: Context, rows: Sequence[EnterpriseRow], text: Catalogue, *, named: bool) -> Alarms:
    """What is open and not shelved: most severe first, then what nobody has seen, then the oldest.

    Args:
        named: say whose each is; else which process's.
    """
    now = context.clock()
    short = distinct([row.name(text.language) for row in rows])
    names = {row.code: name for row, name in zip(rows, short, strict=True)}
    found = await alerts.list_alerts(context.pool, [row.e for row in rows], Filter(state="firing"), limit=_LOOKED_AT)
    awake = [alert for alert in found if alert.shelved_until is None or alert.shelved_until <= now]
    return fitting(joined(awake, names, text, named=named))


def joined(found: Sequence[AlertRow], names: Mapping[str, str], text: Catalogue, *, named: bool) -> list[Alarm]:
    """Alerts of one rule, severity and enterprise as one: a wall says what is wrong, the desk says where all over."""

    def kind(alert: AlertRow) -> tuple[int, bool, str, str]:
        return _RANK.get(alert.severity, len(_RANK)), alert.acknowledged, alert.enterprise, alert.rule

    groups = [list(group) for _, group in groupby(sorted(found, key=kind), key=kind)]
    groups.sort(key=lambda group: (*kind(group[0])[:2], min(alert.started_at for alert in group)))
    return [_alarm(group, names, text, named=named) for group in groups]


def fitting(alarms: Sequence[Alarm]) -> Alarms:
    """As many as have room; where not all have, the last row says how many there are beyond."""
    if sum(alarm.rows for alarm in alarms) <= ROWS:
        return Alarms(tuple(alarms), 0)
    shown: list[Alarm] = []
    left = ROWS - 1
    for alarm in alarms:
        left -= alarm.rows
        if left < 0:
            break
        shown.append(alarm)
    return Alarms(tuple(shown), sum(alarm.count for alarm in alarms[len(shown) :]))


def _alarm(group: Sequence[AlertRow], names: Mapping[str, str], text: Catalogue, *, named: bool) -> Alarm:
    first = group[0]
    # Subjects begin with the process: the rest is for the desk.
    places = {alert.subject.split(".")[0].upper() for alert in group}
    where = names[first.enterprise] if named else ", ".join(sorted(places)) if len(places) == 1 else ""
    return Alarm(
        first.severity,
        word(text, "severity", first.severity),
        min(alert.started_at for alert in group),
        first.title(text.language),
        where,
        len(group),
    )
