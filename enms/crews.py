"""Which crew worked a shift: by the roster that held on the day, unless that one shift was different."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from enms.roster import Roster


@dataclass(frozen=True, slots=True)
class Override:
    """One shift that another crew worked. `crew` None: as the roster has it after all."""

    day: date
    shift: str
    crew: str | None
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class Duty:
    """Who works a shift. `crew` None: nobody says; `usual`: by the roster alone."""

    crew: str | None
    usual: str | None
    override: Override | None = None


class CrewBook:
    """Rosters in order of their starts, and single shifts that were different.

    A shift belongs to the wall day on which it begins.
    """

    def __init__(self, rosters: Iterable[Roster], overrides: Iterable[Override]) -> None:
        self._rosters: Sequence[Roster] = sorted(rosters, key=lambda roster: roster.starts)
        self._overrides: Mapping[tuple[date, str], Override] = {(o.day, o.shift): o for o in overrides}

    @property
    def last(self) -> Roster | None:
        """The roster that starts last."""
        return self._rosters[-1] if self._rosters else None

    def roster_on(self, day: date) -> Roster | None:
        """The one that holds on a day."""
        return next((roster for roster in reversed(self._rosters) if roster.starts <= day), None)

    def duty(self, day: date, shift: str) -> Duty:
        """Who works a shift of a day."""
        roster = self.roster_on(day)
        usual = None
        if roster is not None:
            usual = roster.days[(day - roster.starts).days % len(roster.days)].get(shift)
        override = self._overrides.get((day, shift))
        if override is None or override.crew is None:
            return Duty(usual, usual)
        return Duty(override.crew, usual, override)

    def names(self, language: str) -> dict[str, str]:
        """Every crew by code, those of the newest roster first."""
        found: dict[str, str] = {}
        for roster in reversed(self._rosters):
            for crew in roster.crews:
                found.setdefault(crew.code, crew.name.in_language(language) if crew.name is not None else crew.code)
        return found
