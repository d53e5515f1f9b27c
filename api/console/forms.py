"""Forms that people fill in: what they wrote stays there until it is right, with every mistake in their language."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from api.console.i18n import Catalogue, catalogue
from api.console.render import page, zone_of
from api.console.slips import found_in, slips_of
from api.console.words import N_, known_word
from api.deps import Context
from db.plants import EnterpriseRow
from enms.errors import ConflictError, InputError, Mistake, NotFoundError

Entry = TypeVar("Entry")
# Why something is refused, in a language; None where it has no words for it.
Words = Callable[[Catalogue, str], str | None]

# What `api.production`, `api.correcting`, `api.console.readings`, `db.handling`, `db.alerts`, `db.crews` and
# `enms.roster` say of an entry, and the text for it.
_SLIPS = slips_of(
    (
        (r"is needed", N_("is needed")),
        (r"longer than (?P<n>\d+) characters", N_("longer than %(n)s characters")),
        (r"'(?P<what>.*)' is no number", N_("“%(what)s” is no number")),
        (r"'(?P<what>.*)' is not a day", N_("“%(what)s” is not a day")),
        (r"'(?P<what>.*)' is not a time", N_("“%(what)s” is not a time")),
        (r"'(?P<what>.*)' is none of (?P<known>.*)", N_("“%(what)s” is none of %(known)s")),
        (r"'(?P<what>.*)' is no metered point", N_("“%(what)s” is no metered point of this plant")),
        (
            r"'(?P<what>.*)' is no output counted over spans; .*",
            N_("“%(what)s” is no output that is counted over spans"),
        ),
        (r"(?P<what>\S+) is no amount; 0 is a standstill", N_("%(what)s is no amount; 0 is a standstill")),
        (r"the end is not after the start", N_("the end is not after the start")),
        (r"the span is longer than 31 days", N_("the span is longer than 31 days")),
        (r"the span ends at \S+: it is not over", N_("the span is not over yet")),
        (r"\S+ is not on a quarter hour", N_("not on a quarter hour")),
        (r"the time is still ahead", N_("the time is still ahead")),
        (r"only an amount over a span has a begin", N_("only an amount over a span has a begin")),
        (r"the period before \S+ is sealed", N_("that period is sealed: it was signed off")),
        (r"is metered by (?P<point>\S+)", N_("it is metered by %(point)s")),
        (r"'(?P<what>.*)' is no input of .*", N_("“%(what)s” is no input of that indicator's limit")),
        (r"(?P<what>\S+) is no figure", N_("“%(what)s” is no number")),
        (r"(?P<what>\S+) is no share: 0 to 1", N_("%(what)s is no share: 0 to 1")),
        (r"(?P<what>\S+) is no percentage: 0 to 100", N_("%(what)s is no percentage: 0 to 100")),
        (r"(?P<what>\S+) is out of range", N_("%(what)s is out of range")),
        (r"is before from", N_("the last day is before the first")),
        (r"an outage ends after it begins", N_("An outage ends after it begins.")),
        (r"an outage is planned before it is over", N_("That outage would be over already.")),
        (
            r"\S+ has no point, motor, EnPI or process '(?P<what>.*)'",
            N_("The plant has no point, motor, EnPI or process “%(what)s”."),
        ),
        (r"a comment has a text", N_("A comment has a text.")),
        (
            r"'(?P<what>.*)' is no number of hours; 0 to (?P<most>\d+)",
            N_("“%(what)s” is no number of hours from 0 to %(most)s"),
        ),
        (
            r"line (?P<n>\d+) names other than (?P<of>\d+) crews: .* each of (?P<shifts>.*)",
            N_("line %(n)s names other than %(of)s crews: one for each of %(shifts)s"),
        ),
        (r"1 to (?P<most>\d+) lines: .*", N_("1 to %(most)s lines, one a day")),
        (r"crew '(?P<what>.*)' is there twice", N_("crew “%(what)s” is there twice")),
        (r"unknown crew '(?P<what>.*)'; there are (?P<known>.*)", N_("“%(what)s” is none of %(known)s")),
        (
            r"a code has letters, digits, dot, dash and underscore",
            N_("a code has letters, digits, dot, dash and underscore"),
        ),
    )
)
_PLACE = "body."
# A box for a time holds milliseconds, a reading's instant microseconds: the whole of it goes beside the box, unseen.
_EXACT = "_exact"
_CUT = re.compile(r"(\.\d{3})\d+$")


# Beyond, a day has neighbours and instants that cannot be told.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)


def day_of(text: str, place: str) -> date:
    """A day as a form or an address has it.

    Raises:
        InputError: unreadable, or one that nobody can mean.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InputError("", [Mistake(place, f"{text!r} is not a day")]) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InputError("", [Mistake(place, f"{day} is out of range")])
    return day


@dataclass(slots=True)
class Form:
    """A form as it was sent, or empty.

    Attributes:
        given: text by field.
        mistakes: what is wrong with it; the place is that of the API, `body.` and a field's name.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    status: int = 200

    def __getitem__(self, name: str) -> str:
        return self.given.get(name, "")

    def number(self, name: str) -> float:
        """A number; NaN, and a mistake, where there is none."""
        text = self[name].strip().replace(",", "").replace("\u2212", "-")
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.mistakes.append(Mistake(_PLACE + name, f"{self[name]!r} is no number" if text else "is needed"))
        return value

    def day(self, name: str) -> date:
        """A day; any, and a mistake, where there is none."""
        try:
            return day_of(self[name], _PLACE + name)
        except InputError as error:
            self.mistakes += error.mistakes if self[name] else [Mistake(_PLACE + name, "is needed")]
            return FIRST_DAY

    def moment(self, name: str, zone: ZoneInfo) -> datetime:
        """A wall time, in UTC; any, and a mistake, where there is none."""
        try:
            wall = datetime.fromisoformat(self[name]).replace(tzinfo=None)
            return (self._exact(name, wall) or wall).replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            said = f"{self[name]!r} is not a time" if self[name] else "is needed"
            self.mistakes.append(Mistake(_PLACE + name, said))
            return datetime.min.replace(tzinfo=UTC)

    def _exact(self, name: str, wall: datetime) -> datetime | None:
        """The moment that the box began with; None where it says another one now."""
        try:
            exact = datetime.fromisoformat(self[name + _EXACT])
        except ValueError:
            return None
        return exact if exact.replace(microsecond=exact.microsecond // 1000 * 1000) == wall else None

    def needed(self, *names: str) -> None:
        """These have something in them."""
        self.mistakes += [Mistake(_PLACE + name, "is needed") for name in names if not self[name].strip()]

    def check(self) -> None:
        """Raise what was found wrong so far, all of it.

        Raises:
            InputError: with every mistake.
        """
        if self.mistakes:
            raise InputError("", self.mistakes)

    def wrong(self, *names: str) -> bool:
        """Whether a mistake is about one of these fields."""
        return any(mistake.place.removeprefix(_PLACE) in names for mistake in self.mistakes)

    def said(self, text: Catalogue, labels: Mapping[str, str], words: Words | None = None) -> Iterator[str]:
        """Every mistake as a person reads it, with the field's label where it has one.

        Args:
            text: the page's language.
            labels: by field.
            words: for what is refused on this page only.
        """
        for mistake in self.mistakes:
            label = labels.get(mistake.place.removeprefix(_PLACE))
            own = words(text, mistake.reason) if words is not None else None
            reason = own if own is not None else _slip(text, mistake.reason)
            yield f"{text(label)}: {reason}" if label is not None else reason


def _slip(text: Catalogue, said: str) -> str:
    if (found := found_in(_SLIPS, said)) is not None:
        return text(found[0], **found[1])
    return known_word(text, "refusal", said) or said


def moments(**walls: str) -> dict[str, str]:
    """What a form begins with where a link says moments, in wall time: boxes by name, and what they cannot hold."""
    boxes = {name: _CUT.sub(r"\1", wall) for name, wall in walls.items()}
    return boxes | {name + _EXACT: wall for name, wall in walls.items() if wall != boxes[name]}


async def sent(request: Request, lengths: Mapping[str, int]) -> Form:
    """The form of a request.

    Args:
        request: with a body as forms have it.
        lengths: its fields, and how long each may be.
    """
    content = await request.form()
    form = Form({name: value if isinstance(value := content.get(name), str) else "" for name in lengths})
    for name, most in lengths.items():
        if len(form[name]) > most:
            form.mistakes.append(Mistake(_PLACE + name, f"longer than {most} characters"))
    return form


async def entered(
    form: Form,
    enter: Callable[[], Awaitable[Entry]],
    done: Callable[[Entry], str],
    again: Callable[[Form], Awaitable[Response]],
) -> Response:
    """Enter it and show the page anew; or the form as it was written, with what is wrong.

    Args:
        form: as it was sent.
        enter: checks and writes; the entry, or its number.
        done: address of the page that says so: a page that is loaded again enters nothing.
        again: the page with the form.
    """
    try:
        entry = await enter()
    except InputError as error:
        form.mistakes, form.status = list(dict.fromkeys(error.mistakes)), 422
    except ConflictError as error:
        form.mistakes, form.status = [Mistake("", str(error))], 409
    except NotFoundError as error:
        form.mistakes, form.status = [Mistake("", str(error))], 404
    else:
        return RedirectResponse(done(entry), status_code=303)
    return await again(form)


async def form_page(
    request: Request,
    context: Context,
    language: str,
    template: str,
    owner: EnterpriseRow,
    form: Form,
    labels: Mapping[str, str],
    values: Mapping[str, object],
    done: int | None,
) -> Response:
    """A plant's page with a form on it.

    Args:
        request: whose language and address count.
        context: of the application.
        language: zh or en.
        template: file name.
        owner: the plant.
        form: as it was sent, or what it begins with.
        labels: of its fields, for what is said of mistakes.
        values: what else the page shows.
        done: number of the entry that was made a moment ago.
    """
    text = catalogue(language)
    name = owner.name(language)
    of_form = {
        "owner": owner,
        "name": name,
        "form": form,
        "slips": list(form.said(text, labels)),
        "done": done,
        "zone": zone_of(owner.timezone),
    }
    crumbs = [("/", text("District")), (f"/e/{owner.code}", name)]
    return await page(request, context, template, of_form | dict(values), crumbs=crumbs, status=form.status)
