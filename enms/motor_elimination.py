"""A motor's nameplate held against the elimination lists: never more than "possible match: confirm nameplate and year".

The lists name series and frames, sometimes with a year of manufacture or a voltage; nameplates are typed in by hand. So
a match is a question to whoever stands before the motor, and since the lists are carried in part only, no match is no
acquittal. A condition whose figure nobody entered leaves the verdict open, and names the figure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from enms.bounds import EliminationRow, Listed, elimination
from enms.motor import Motor
from enms.standard_file import Citation

# `YB2-160M-4`, `YB280M-4`, `JO2-51-4`, `JS 114-4`: letters, perhaps a digit of the series, then the frame.
_MODEL = re.compile(r"([A-Z]+)(\d*)[-\s/]*(\d*)")
# A frame has two digits at least: `YB2160M` is read as YB 2160 and as YB2 160.
_FRAME_DIGITS = 2


class ListState(StrEnum):
    """What the lists say of a nameplate."""

    POSSIBLE = "possible_match"
    NONE_FOUND = "none_found"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class ListVerdict:
    """A nameplate against the lists.

    Attributes:
        matches: rows that everything known fits, in the order of the lists.
        missing: where it cannot be told, the nameplate's figures that would tell.
    """

    state: ListState
    matches: tuple[tuple[EliminationRow, Citation], ...]
    missing: tuple[str, ...] = ()


def listed(motor: Motor, on: date) -> ListVerdict:
    """What the lists in force on a day say of a motor."""
    file = elimination()
    rows = [row for row in file.rows if row.since <= on]
    if motor.model is None:
        return ListVerdict(ListState.CANNOT_TELL, (), ("model",))
    matches, missing = [], dict[str, None]()
    for row in rows:
        lacking = _held_against(row.motors, motor)
        if lacking is None:
            continue
        if lacking:
            missing |= dict.fromkeys(lacking)
        else:
            matches.append((row, file.cite(row)))
    if matches:
        return ListVerdict(ListState.POSSIBLE, tuple(matches))
    if missing:
        return ListVerdict(ListState.CANNOT_TELL, (), tuple(missing))
    return ListVerdict(ListState.NONE_FOUND, ())


def _held_against(entries: Sequence[Listed], motor: Motor) -> tuple[str, ...] | None:
    """What of the nameplate is missing to tell: nothing, where one entry fits; None: none can fit."""
    found = [lacking for entry in entries if (lacking := lacks(entry, motor)) is not None]
    return min(found, key=len, default=None)


def lacks(entry: Listed, motor: Motor) -> tuple[str, ...] | None:
    """What is missing to hold a motor against an entry: (): it fits; None: it does not."""
    told = [_conditions(entry, motor, frame) for series, frame in readings(motor.model or "") if series in entry.series]
    return min((lacking for lacking in told if lacking is not None), key=len, default=None)


def _conditions(entry: Listed, motor: Motor, frame: int | None) -> tuple[str, ...] | None:
    made = None if entry.made_until is None else (0, entry.made_until)
    poles = None if entry.poles is None else (entry.poles, entry.poles)
    held: list[tuple[str, tuple[float, float] | None, float | None]] = [
        ("model", entry.frames, frame),
        ("year", made, motor.year),
        ("voltage_v", entry.voltage_v, motor.voltage_v),
        ("poles", poles, motor.poles),
    ]
    asked = [(name, within, value) for name, within, value in held if within is not None]
    if any(value is not None and not within[0] <= value <= within[1] for _, within, value in asked):
        return None
    return tuple(name for name, _, value in asked if value is None)


def readings(model: str) -> Iterator[tuple[str, int | None]]:
    """How a model can be read: series and frame; the frame None where there is none.

    Full-width letters are read as plain ones, `J02` (a zero) as `JO2`.
    """
    plain = re.sub(r"^J0", "JO", unicodedata.normalize("NFKC", model).strip().upper())
    match = _MODEL.match(plain)
    if match is None:
        return
    letters, digits, after = match.groups()
    following = int(after) if after else None
    if len(digits) <= 1:
        yield letters + digits, following
        return
    yield letters, int(digits)
    if len(digits) > _FRAME_DIGITS:
        yield letters + digits[0], int(digits[1:])
