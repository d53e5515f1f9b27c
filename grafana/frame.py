"""What a dashboard is besides its panels: uid, variables, annotations, links, and how often it asks.

Walls are read from afar, in kiosk mode: one screen, no controls, 5 s. Desks may be dense, and scroll.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    QueryVariable,
    TextBoxVariable,
    TimePicker,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableHide,
    VariableModel,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.dashboard import Panel as BuiltPanel

from grafana import look
from grafana.sql import SqlQuery, read, source

# Where the console answers; `enms grafana push --console` puts another address here.
CONSOLE = "http://localhost:8000"
TAG_WALL, TAG_DESK = "enms-wall", "enms-desk"
WALL_ROWS = 18  # grid rows that fit 1080 lines at 150 %


class Uid(StrEnum):
    """Fixed, so that links and bookmarks hold."""

    WALL_DISTRICT = "enms-wall-district"
    WALL_STEEL = "enms-wall-steel"
    WALL_RARE_EARTH = "enms-wall-rare-earth"
    WALL_POWER = "enms-wall-power"
    ENTERPRISE = "enms-enterprise"
    ENPI = "enms-enpi"
    MOTORS = "enms-motors"
    ALERTS = "enms-alerts"
    QUALITY = "enms-quality"
    LEAGUE = "enms-league"
    PLATFORM = "enms-platform"


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the top of a dashboard, from `queries/{query}.sql`."""

    name: str
    label: str
    query: str
    several: bool = False


ENTERPRISE = Variable("enterprise", "企业 enterprise", "var_enterprise")
ENTERPRISES = Variable("enterprises", "企业 enterprises", "var_enterprise", several=True)
# Whose alerts and cases there are: the district's own, too.
JUDGES = Variable("enterprises", "企业 enterprises", "var_judge", several=True)
ENPI = Variable("enpi", "指标 EnPI", "var_enpi")
MOTOR = Variable("motor", "电动机 motor", "var_motor")
POINT = Variable("point", "计量点 point", "var_point")


def wall(
    uid: Uid,
    title: str,
    panels: Sequence[Builder[BuiltPanel]],
    *,
    variables: Sequence[Variable] = (),
    annotation: str = "annotation_alerts",
    desk: Uid = Uid.ENTERPRISE,
) -> Dashboard:
    """A dashboard for a wall: last hour, every 5 s."""
    board = _board(uid, title, (TAG_WALL,), panels, variables, annotation)
    board.time("now-1h", "now").refresh("5s").tooltip(DashboardCursorSync.OFF)
    board.timepicker(TimePicker().hidden(True).refresh_intervals(["5s", "10s", "1m"]))
    return board.link(_to("办公看板 desk", desk)).link(_to("报警 alerts", Uid.ALERTS))


def desk(
    uid: Uid,
    title: str,
    panels: Sequence[Builder[BuiltPanel]],
    *,
    variables: Sequence[Variable] = (),
    annotation: str = "annotation_alerts",
    span: str = "now-7d",
    refresh: str = "1m",
) -> Dashboard:
    """A dashboard for a desk."""
    board = _board(uid, title, (TAG_DESK,), panels, variables, annotation)
    board.time(span, "now").refresh(refresh).tooltip(DashboardCursorSync.CROSSHAIR)
    for label, tag in (("大屏 walls", TAG_WALL), ("看板 desks", TAG_DESK)):
        others = DashboardLink(label).type(DashboardLinkType.DASHBOARDS).tags([tag]).as_dropdown(True)
        board.link(others.keep_time(False).include_vars(True))
    console = DashboardLink("控制台 console").type(DashboardLinkType.LINK).url("${console}").target_blank(True)
    return board.link(console.icon("external link"))


def to_desk(uid: Uid, *chosen: str) -> str:
    """The address of a desk dashboard, handing on what is chosen: `enterprise`, or `enterprise=CODE`."""
    pairs = [c.split("=", 1) if "=" in c else [c, f"${{{c}}}"] for c in chosen]
    return f"/d/{uid}?" + "&".join(f"var-{name}={value}" for name, value in pairs)


def _board(
    uid: Uid,
    title: str,
    tags: Sequence[str],
    panels: Sequence[Builder[BuiltPanel]],
    variables: Sequence[Variable],
    annotation: str,
) -> Dashboard:
    board = Dashboard(title).uid(uid).tags(["enms", *tags]).readonly().timezone("browser").week_start("monday")
    for variable in variables:
        board.with_variable(_variable(variable))
    console = TextBoxVariable("console").label("控制台 console").default_value(CONSOLE)
    board.with_variable(console.hide(VariableHide.HIDE_VARIABLE))
    board.annotation(
        AnnotationQuery()
        .name("报警 alerts")
        .datasource(source())
        .enable(True)
        .icon_color(look.AMBER)
        .target(SqlQuery.named(annotation, ref_id="Anno"))
    )
    for number, panel in enumerate(panels, 1):
        panel.id(number)  # type: ignore[attr-defined]  # every panel builder has it, the protocol does not say so
        board.with_panel(panel)
    return board


def _variable(variable: Variable) -> Builder[VariableModel]:
    made = QueryVariable(variable.name).label(variable.label).datasource(source())
    made.query({**SqlQuery.named(variable.query).to_json(), "refId": variable.name}).definition(read(variable.query))
    made.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.DISABLED).allow_custom_value(False)
    return made.multi(True).include_all(True) if variable.several else made.multi(False).include_all(False)


def _to(label: str, uid: Uid) -> DashboardLink:
    made = DashboardLink(label).type(DashboardLinkType.LINK).url(f"/d/{uid}")
    return made.include_vars(True).keep_time(False)
