"""Which inputs the corrections of an enterprise's limits ask for, whether they are there, and entering one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from api.deps import Context
from db import views
from db.corrections import enter_input
from db.enpi_model import EnpiModel, cuts_of, enpi_models
from db.plants import EnterpriseRow
from enms.catalogue import Correction, catalogue
from enms.enpi import Declared
from enms.errors import InputError, Mistake

_SHARES = {"when", "factor"}
_FIRST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Need:
    """An input that corrections of an EnPI's limit ask for.

    Attributes:
        metered: the point that measures it; None: it is declared or entered.
        holds: what is declared or entered for today; None: nothing.
        editions: of the standard, those that hold today or later.
    """

    number: int
    enpi: str
    enpi_zh: str
    enpi_en: str
    correction: Correction
    required: bool
    metered: str | None
    holds: Declared | None
    editions: tuple[str, ...]

    @property
    def missing(self) -> bool:
        """Whether there is no verdict today for want of it."""
        return self.required and self.metered is None and self.holds is None


@dataclass(frozen=True, slots=True)
class Asked:
    """An entry as somebody wrote it."""

    enpi: str
    input: str
    value: float
    since: date
    until: date | None
    evidence: str
    by: str


async def needs(context: Context, owner: EnterpriseRow) -> list[Need]:
    """By EnPI, those missing first."""
    numbers = {code: number for number, code in await views.enpis(context.pool, owner.e)}
    cuts = await cuts_of(context.pool, owner)
    today = cuts.day_of(context.clock())
    async with context.pool.acquire() as connection:
        models = [model for model in await enpi_models(connection, owner) if not model.current.retired]
    found = [need for model in models for need in _needs(model, numbers[model.code], today)]
    return sorted(found, key=lambda need: not need.missing)


def _needs(model: EnpiModel, number: int, today: date) -> list[Need]:
    enpi = model.current.enpi
    if enpi.limit is None:
        return []
    editions = [
        e for e in catalogue().editions(enpi.limit.standard) if e.effective_to is None or e.effective_to >= today
    ]
    rows = [r for r in catalogue().rows if r.edition in editions and enpi.limit.item in {r.item, *r.also}]
    asked: dict[str, list[tuple[Correction, str]]] = {}
    for row in rows:
        for correction in row.corrections:
            asked.setdefault(correction.input, []).append((correction, row.edition.edition))
    name = enpi.name
    return [
        Need(
            number=number,
            enpi=model.code,
            enpi_zh=name.zh if name is not None else model.code,
            enpi_en=name.en if name is not None else model.code,
            correction=of[0][0],
            required=any(c.required for c, _ in of),
            metered=enpi.corrections.get(code),
            holds=next((d for d in model.declared if d.input == code and _on(d, today)), None),
            editions=tuple(dict.fromkeys(edition for _, edition in of)),
        )
        for code, of in asked.items()
    ]


def _on(entry: Declared, day: date) -> bool:
    return entry.since <= day and (entry.until is None or day <= entry.until)


async def enter(context: Context, owner: EnterpriseRow, asked: Asked) -> int:
    """Check an entry and write it; its number.

    Raises:
        InputError: every mistake in it.
    """
    known = await needs(context, owner)
    if mistakes := _mistakes(asked, known):
        raise InputError("", mistakes)
    async with context.pool.acquire() as connection:
        return await enter_input(
            connection,
            owner,
            enpi=asked.enpi,
            name=asked.input,
            value=asked.value,
            since=asked.since,
            until=asked.until,
            evidence=asked.evidence.strip(),
            actor=asked.by.strip(),
            now=context.clock(),
        )


def _mistakes(asked: Asked, known: list[Need]) -> list[Mistake]:
    found = []
    need = next((n for n in known if (n.enpi, n.correction.input) == (asked.enpi, asked.input)), None)
    if need is None:
        of = sorted({n.correction.input for n in known if n.enpi == asked.enpi})
        place = "body.input" if of else "body.enpi"
        told = f"its limit has: {', '.join(of)}" if of else "no limit of it has corrections"
        found.append(Mistake(place, f"{asked.input!r} is no input of {asked.enpi!r}; {told}"))
    elif need.metered is not None:
        found.append(Mistake("body.input", f"is metered by {need.metered}"))
    elif wrong := _range(need.correction, asked.value):
        found.append(Mistake("body.value", wrong))
    if asked.since < _FIRST:
        found.append(Mistake("body.from", f"{asked.since} is out of range"))
    if asked.until is not None and asked.until < asked.since:
        found.append(Mistake("body.to", "is before from"))
    found += [
        Mistake(f"body.{name}", "is needed")
        for name, text in (("by", asked.by), ("evidence", asked.evidence))
        if not text.strip()
    ]
    return found


def _range(correction: Correction, value: float) -> str:
    """Why a value cannot be; empty where it can."""
    if not math.isfinite(value):
        return f"{value} is no figure"
    if correction.rule in _SHARES and not 0 <= value <= 1:
        return f"{value:g} is no share: 0 to 1"
    if correction.unit == "%" and not 0 <= value <= 100:
        return f"{value:g} is no percentage: 0 to 100"
    return ""
