"""`/alerts` and `/alerts/{id}`: what must I deal with first? What happened, on what evidence, who has it?"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi import Form as Sent
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter, ValidationError

from api.console.breach import breach, has_chart
from api.console.evidence import Evidence, evidence_view
from api.console.forms import Form, entered, sent
from api.console.i18n import Catalogue, catalogue
from api.console.plant import SEVERITIES, open_now
from api.console.render import page, zone_of
from api.console.words import N_, WHYS, word
from api.deps import Api, Context
from api.language import Language
from api.params import RowNumber
from db import alerts, cases, plants
from db import rules as store
from db.alerts import AlertRow, Filter, TransitionRow
from db.cases import CaseFilter
from db.rules import RuleRow
from enms.alerts import PERIOD_WITHHELD, Severity, Step
from enms.errors import InputError, Mistake

router = APIRouter(include_in_schema=False)
# All of them may be ticked for a case: no more than that takes at once (`enms.cases.MOST_AT_ONCE`).
SHOWN = 500
_CASES = 20
_GROUP = TypeAdapter(list[RowNumber])
_RANK = {severity.value: n for n, severity in enumerate(SEVERITIES)}
_SORTS: dict[str, Callable[[AlertRow], tuple[float | bool, ...]]] = {
    # What must be dealt with first: the most severe, nobody has seen, longest open.
    "first": lambda row: (
        row.state != "firing",
        _RANK.get(row.severity, 9),
        row.acknowledged,
        row.started_at.timestamp() if row.state == "firing" else -row.fired_at.timestamp(),
    ),
    "newest": lambda row: (-row.fired_at.timestamp(), -row.id),
    "oldest": lambda row: (row.started_at.timestamp(), row.id),
    "excess": lambda row: (row.value is None or row.limit_value is None, -_excess(row)),
}
# The forms of an alert's page, and what each cannot do without.
_NEEDED: dict[str, tuple[str, ...]] = {
    "acknowledge": (),
    "assign": (),
    "comment": ("text",),
    "shelve": ("why",),
}
_FIELDS = {"step": 20, "by": 100, "to": 100, "text": 4000, "why": 1000, "hours": 10}
_LABELS = {
    "by": N_("Your name"),
    "to": N_("Give it to"),
    "text": N_("Comment"),
    "why": N_("Shelve because"),
    "hours": N_("for"),
}
_HOURS, _MOST_HOURS = (2, 8, 24, 72), 720
_BY_PEOPLE = {Step.COMMENTED, Step.ACKNOWLEDGED, Step.ASSIGNED, Step.SHELVED, Step.UNSHELVED}


def _excess(row: AlertRow) -> float:
    """How far it is beyond its limit, as a share of the limit."""
    if row.value is None or row.limit_value is None:
        return 0.0
    return abs(row.value - row.limit_value) / (abs(row.limit_value) or 1.0)


# So many notices of one rule are one line: they must not crowd out what must be dealt with.
_FOLDED = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Open notices of one rule, folded into a line.

    Attributes:
        unseen: ids of those nobody has seen yet.
        opened: whether its rows are shown; link: the address with that turned round.
    """

    rule: str
    severity: str
    rows: tuple[AlertRow, ...]
    unseen: tuple[int, ...]
    since: datetime
    opened: bool
    link: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the inbox: one alert, or a group."""

    row: AlertRow | None
    group: Group | None = None


def lines_of(rows: Sequence[AlertRow], opened: Collection[str], link: Callable[[str], str]) -> list[Line]:
    """Rows in their order, with open notices of one rule as a group where the first of them stands.

    Args:
        rows: sorted.
        opened: rules whose groups show their rows.
        link: the address that opens or folds a rule's group.
    """
    alike: dict[str, list[AlertRow]] = {}
    for row in rows:
        if row.severity == Severity.NOTICE and row.state == "firing":
            alike.setdefault(row.rule, []).append(row)
    found: list[Line] = []
    done: set[str] = set()
    for row in rows:
        of = alike.get(row.rule, ())
        if len(of) < _FOLDED or row not in of:
            found.append(Line(row))
        elif row.rule not in done:
            done.add(row.rule)
            found.append(
                Line(
                    None,
                    Group(
                        rule=row.rule,
                        severity=row.severity,
                        rows=tuple(of),
                        unseen=tuple(one.id for one in of if not one.acknowledged),
                        since=min(one.started_at for one in of),
                        opened=row.rule in opened,
                        link=link(row.rule),
                    ),
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened, as a page tells it. `look` is a severity, person, or nothing."""

    row: TransitionRow
    what: str
    note: str
    look: str


@router.get("/alerts")
async def show_alerts(
    request: Request,
    api: Api,
    language: Language,
    enterprise: str = "",
    state: Literal["", "firing", "resolved"] = "firing",
    severity: Literal["", "critical", "warning", "notice"] = "",
    rule: Annotated[str, Query(max_length=200)] = "",
    subject: Annotated[str, Query(max_length=200)] = "",
    words: Annotated[str, Query(alias="q", max_length=200)] = "",
    sort: Literal["first", "newest", "oldest", "excess"] = "first",
    opened: Annotated[list[str] | None, Query(alias="open", max_length=100)] = None,
) -> Response:
    """Notices of one rule are folded in the usual order; `open` names the rules whose rows are shown."""
    text = catalogue(language)
    known = await plants.owners(api.pool)
    of = [row for row in known if enterprise in {"", row.code}]
    es = [row.e for row in of]
    asked = Filter(
        state=state or None,
        severities=(severity,) if severity else None,
        rule=rule or None,
        subject=subject or None,
        text=words.strip() or None,
    )
    rows = await alerts.list_alerts(api.pool, es, asked, limit=SHOWN + 1)
    shown = sorted(rows[:SHOWN], key=_SORTS[sort])
    names = {row.code: row.name(language) for row in known}
    chosen = {
        "enterprise": enterprise,
        "state": state,
        "severity": severity,
        "rule": rule,
        "subject": subject,
        "q": words,
        "sort": sort,
    }
    wanted = list(dict.fromkeys(opened or ()))

    def address(rules: Sequence[str]) -> str:
        return urlencode([*chosen.items(), *(("open", one) for one in rules)])

    def turned(one: str) -> str:
        return "/alerts?" + address([r for r in wanted if r != one] if one in wanted else [*wanted, one])

    folds = sort == "first" and not rule
    counts = {s.value: sum(row.severity == s and row.state == "firing" for row in shown) for s in Severity}
    values = {
        "rows": shown,
        "lines": lines_of(shown, wanted, turned) if folds else [Line(row) for row in shown],
        "back": address(wanted),
        "counts": counts,
        "more": len(rows) > SHOWN,
        "now_open": await open_now(api, of) if of else None,
        "names": names,
        "severities": [severity.value for severity in Severity][::-1],
        "rules": _titles(await store.current_rules(api.pool, es), language),
        "sorts": _SORTS,
        "chosen": chosen,
    }
    return await page(request, api, "alerts.html", values, live="", crumbs=[("/", text("District"))])


@router.get("/alerts/blind")
async def show_blind(request: Request, api: Api, language: Language, enterprise: str = "") -> Response:
    """The inbox's line that nobody judges, by itself."""
    known = await plants.owners(api.pool)
    of = [row for row in known if enterprise in {"", row.code}]
    values = {
        "now_open": await open_now(api, of) if of else None,
        "names": {row.code: row.name(language) for row in known},
        "chosen": {"enterprise": enterprise},
    }
    return await page(request, api, "alerts_blind.html", values)


def by_urgency(rows: Sequence[AlertRow]) -> list[AlertRow]:
    """What must be dealt with first, first."""
    return sorted(rows, key=_SORTS["first"])


def _titles(rules: list[RuleRow], language: str) -> dict[str, str]:
    """Rules by id, each once, in order of their titles."""
    return dict(sorted({row.rule: row.title(language) for row in rules}.items(), key=lambda item: item[1]))


@router.post("/alerts/acknowledge")
async def acknowledge_many(
    api: Api,
    alert: Annotated[list[RowNumber] | None, Sent()] = None,
    of: Annotated[str, Sent(max_length=10_000)] = "",
    back: Annotated[str, Sent(max_length=2000)] = "",
    by: Annotated[str, Sent(max_length=100)] = "",
) -> Response:
    """Those that were ticked, or those of the group whose button it was; then the same list again."""
    try:
        group = _GROUP.validate_python(of.split(",") if of else [])
    except ValidationError:
        raise InputError("", [Mistake("body.of", "not numbers of alerts")]) from None
    async with api.pool.acquire() as connection, connection.transaction():
        for one in sorted(set(group or alert or ())):
            await alerts.acknowledge(connection, one, actor=by.strip() or "console", now=api.clock())
    return RedirectResponse("/alerts?" + back.lstrip("?"), status_code=303)


@router.get("/alerts/{alert}/chart.json")
async def chart_data(api: Api, language: Language, alert: RowNumber) -> dict[str, object]:
    """The breach against its limit."""
    return await breach(api, await alerts.get_alert(api.pool, alert), language)


@router.get("/alerts/{alert}")
async def show_alert(request: Request, api: Api, language: Language, alert: RowNumber) -> Response:
    return await _page(request, api, language, alert, Form())


async def _page(request: Request, api: Context, language: str, alert: int, form: Form) -> Response:
    text = catalogue(language)
    row = await alerts.get_alert(api.pool, alert)
    owner = await plants.owner(api.pool, row.enterprise)
    story = [story_line(t, row, text) for t in await alerts.transitions(api.pool, row)]
    zone = zone_of(owner.timezone)
    versions: list[Evidence] = [evidence_view(v, text, zone) for v in await alerts.evidence(api.pool, row)]
    name = owner.name(language)
    values = {
        "row": row,
        "name": name,
        "story": story,
        "evidence": versions[-1] if versions else None,
        "older": versions[:-1][::-1],
        "zone": zone,
        "chart": await has_chart(api, row),
        "cases": await cases.list_cases(api.pool, CaseFilter(alert=row.id), now=api.clock(), limit=_CASES),
        "form": form,
        "blank": Form(),
        "hours": _HOURS,
        "slips": list(form.said(text, _LABELS)),
    }
    of_plant = [(f"/e/{row.enterprise}", name)] if owner.scope == "plant" else []
    crumbs = [("/", text("District")), *of_plant, ("/alerts", text("Alerts"))]
    return await page(request, api, "alert.html", values, live=row.enterprise, crumbs=crumbs, status=form.status)


def story_line(row: TransitionRow, alert: AlertRow, text: Catalogue) -> StoryLine:
    """A transition as a page tells it."""
    detail = json.loads(row.detail)
    said = (_said(key, value, text) for key, value in detail.items() if value not in {None, ""})
    note = str(detail["text"]) if "text" in detail else ", ".join(word for word in said if word)
    look = "person" if row.kind in _BY_PEOPLE else alert.severity if row.kind == Step.FIRING else ""
    kind = PERIOD_WITHHELD if row.kind == Step.PERIOD_OVER and "withheld_since" in detail else row.kind
    return StoryLine(row, word(text, "step", kind), note, look)


def _said(key: str, value: object, text: Catalogue) -> str:
    """One detail of a transition in words; instants and hashes are told elsewhere."""
    match key:
        case "why":
            return word(text, "why", str(value)) if str(value) in WHYS else str(value)
        case "to" if isinstance(value, str):
            return text("to %(who)s", who=value)
        case "by":
            kind, _, number = str(value).partition("/")
            return text("by planned outage %(n)s", n=number) if kind == "outage" else text("by alert %(n)s", n=number)
        case "since" | "withheld_since" | "until" | "evidence" | "sha256":
            return ""
    return f"{key} {value}"


@router.post("/alerts/{alert}")
async def take_step(request: Request, api: Api, language: Language, alert: RowNumber) -> Response:
    """One of the forms of an alert's page."""
    form = await sent(request, _FIELDS)
    step, actor, now = form["step"], form["by"].strip() or "console", api.clock()
    if step not in _NEEDED:
        raise InputError("", [Mistake("body.step", f"{step!r} is none of {', '.join(_NEEDED)}")])

    async def write() -> AlertRow:
        form.needed(*_NEEDED[step])
        hours = _hours(form) if step == "shelve" else 0
        form.check()
        async with api.pool.acquire() as connection:
            match step:
                case "acknowledge":
                    return await alerts.acknowledge(connection, alert, actor=actor, now=now)
                case "assign":
                    assignee = form["to"].strip() or None
                    return await alerts.assign(connection, alert, assignee=assignee, actor=actor, now=now)
                case "comment":
                    return await alerts.comment(connection, alert, text=form["text"], actor=actor, now=now)
            until = now + timedelta(hours=hours) if hours else None
            return await alerts.shelve(connection, alert, until=until, why=form["why"], actor=actor, now=now)

    return await entered(
        form,
        write,
        lambda row: f"/alerts/{row.id}",
        lambda wrong: _page(request, api, language, alert, wrong),
    )


def _hours(form: Form) -> int:
    """How long it is put aside; 0 takes it back."""
    said = form["hours"]
    if said.isdecimal() and int(said) <= _MOST_HOURS:
        return int(said)
    form.mistakes.append(Mistake("body.hours", f"{said!r} is no number of hours; 0 to {_MOST_HOURS}"))
    return 0
