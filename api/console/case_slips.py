"""Why a step of a case is refused, in the words of a page."""

from __future__ import annotations

from api.console.i18n import Catalogue
from api.console.slips import found_in, slips_of
from api.console.words import N_, word

# What `enms.cases` and `db.case_steps` say, and the text for it.
_SLIPS = slips_of(
    (
        (
            r"a case that is (?P<state>\S+) cannot be (?P<step>\S+); it can be (?P<possible>.+)",
            N_("The case is at “%(state)s” by now; “%(step)s” cannot follow, but these can: %(possible)s."),
        ),
        (
            r"case \S+ has \S+ events, you saw \S+: look at it again",
            N_("Somebody did something to the case in the meantime: look at it again, then press again."),
        ),
        (r"no case (?P<n>\S+)", N_("There is no case %(n)s.")),
        (r"no alert (?P<n>\S+)", N_("There is no alert %(n)s.")),
        (r"a case is opened on an alert", N_("A case is opened on an alert: tick one.")),
        (
            r"(?P<n>\S+) alerts; a case takes (?P<most>\S+) at once",
            N_("%(n)s alerts are ticked; a case takes %(most)s at once: untick some, and add them afterwards."),
        ),
        (r"a case has a title", N_("A case has a title.")),
        (
            r"a case is on one enterprise: these alerts are of several",
            N_("These alerts are of several plants; a case is on one."),
        ),
        (
            r"case (?P<n>\S+) is on \S+: an alert of another enterprise has its own",
            N_("Case %(n)s is on another plant than these alerts."),
        ),
        (r"alert (?P<n>\S+) is in case (?P<case>\S+) already", N_("Alert %(n)s is in case %(case)s already.")),
        (r"alert (?P<n>\S+) was retracted: .*", N_("Alert %(n)s was retracted: nothing stands on it.")),
        (
            r"alert (?P<n>\S+) was merged into (?P<into>\S+): .*",
            N_("Alert %(n)s was merged into alert %(into)s; take that one."),
        ),
        (r"a case is withdrawn for a reason", N_("A case is withdrawn for a reason.")),
        (r"a comment has a text", N_("A comment has a text.")),
        (r"rectification is ordered until a date", N_("Rectification is ordered until a date.")),
        (
            r"rectification is ordered until a date to come",
            N_("The date is past: rectification is ordered until a date to come."),
        ),
        (
            r"rectification is ordered until (?P<day>\S+) already",
            N_("Rectification is ordered until %(day)s already."),
        ),
    )
)


def case_slip(text: Catalogue, said: str) -> str | None:
    """The refusal as a person reads it; None where it is none of a case's."""
    found = found_in(_SLIPS, said)
    if found is None:
        return None
    message, values = found
    return text(message, **{name: _named(text, name, value) for name, value in values.items()})


def _named(text: Catalogue, name: str, value: str) -> str:
    """States and steps by their names; numbers and days as they are."""
    match name:
        case "state":
            return word(text, "case", value)
        case "step":
            return word(text, "case_step", value)
        case "possible":
            steps = [word(text, "case_step", one) for one in value.split(", ")]
            return ("、" if text.language == "zh" else ", ").join(steps)
    return value
