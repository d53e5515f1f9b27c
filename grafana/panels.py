"""The few kinds of panels there are, each with what all of that kind have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from grafana_foundation_sdk.builders import bargauge, common, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.dashboard import DashboardLink, ThresholdsConfig
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BarGaugeNamePlacement,
    BarGaugeValueMode,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueJustifyMode,
    BigValueTextMode,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TableCellHeight,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue, GridPos, ValueMapping

from grafana import look
from grafana.sql import Format, SqlQuery, source
from grafana.words import WORDS

P = TypeVar("P", stat.Panel, timeseries.Panel, table.Panel, bargauge.Panel, statetimeline.Panel)

# Pixels of a stat at 100 %: 48 becomes 72 on a wall at 150 %, over the 64 that 5 m want. A panel's title cannot be set
# larger, so what a figure is about stands in its name.
WALL_VALUE, WALL_NAME, WALL_ALARM = 48, 43, 30
# Beside a bar, and where names are long.
_SMALL_NAME = 28
_INSTANT, _INSTANT_PX = "time:MM-DD HH:mm", 130
# A name and a value in each row become a field of that name: how a figure carries its date or its reason.
_ROWS_TO_FIELDS = DataTransformerConfig(id_val="rowsToFields", options={})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel is, in grid units of 24 columns."""

    x: int
    y: int
    w: int
    h: int

    def grid(self) -> GridPos:
        return GridPos(h=self.h, w=self.w, x=self.x, y=self.y)


@dataclass(frozen=True, slots=True)
class Figure:
    """How a number is shown.

    Attributes:
        decimals: None leaves it to Grafana; it would cut 8.93 MW to 9 with 0.
    """

    unit: str
    decimals: int | None = 1
    thresholds: ThresholdsConfig = field(default_factory=lambda: look.steps(look.WHITE))
    low: float | None = None
    high: float | None = None


def tile(
    title: str,
    query: str,
    place: Place,
    figure: Figure,
    *,
    named: bool = True,
    size: int = WALL_VALUE,
    name_size: int = WALL_NAME,
    note: str = "",
) -> stat.Panel:
    """A number to be read from afar, with what it is about under it.

    Args:
        title: the panel's title.
        query: answers `name`, `value` rows when `named`, else one column a number.
        place: grid units.
        figure: unit and thresholds.
        named: rows become fields.
        size: of the number in pixels; 0 lets it fit itself.
        name_size: of the name, likewise.
        note: description.
    """
    panel = _figured(stat.Panel(), title, query, place, figure, note)
    panel.color_mode(BigValueColorMode.VALUE).graph_mode(BigValueGraphMode.NONE)
    panel.text_mode(BigValueTextMode.VALUE_AND_NAME).justify_mode(BigValueJustifyMode.AUTO).wide_layout(False)
    panel.orientation(VizOrientation.VERTICAL if size == 0 else VizOrientation.AUTO)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
    if size:
        panel.text(common.VizTextDisplayOptions().value_size(size).title_size(name_size))
    if named:
        panel.with_transformation(_ROWS_TO_FIELDS)
    return panel


def alarm_rows(title: str, query: str, place: Place) -> stat.Panel:
    """At most five lines of text that can be read at 5 m: a table's letters cannot."""
    panel = stat.Panel().title(title).datasource(source()).grid_pos(place.grid()).with_target(SqlQuery.named(query))
    panel.color_mode(BigValueColorMode.VALUE).graph_mode(BigValueGraphMode.NONE).text_mode(BigValueTextMode.VALUE)
    panel.orientation(VizOrientation.HORIZONTAL).justify_mode(BigValueJustifyMode.AUTO)
    panel.reduce_options(common.ReduceDataOptions().calcs([]).fields("/^alarm$/").values(True).limit(5))
    panel.text(common.VizTextDisplayOptions().value_size(WALL_ALARM))
    panel.thresholds(look.steps(look.WHITE)).color_scheme(look.by_threshold())
    return panel.mappings(look.beginning(look.SEVERITIES)).no_value(look.UNKNOWN)


def bars(title: str, query: str, place: Place, figure: Figure, *, note: str = "", text: int = 0) -> bargauge.Panel:
    """One bar a row of `name`, `value`."""
    panel = _figured(bargauge.Panel(), title, query, place, figure, note)
    panel.display_mode(BarGaugeDisplayMode.BASIC).orientation(VizOrientation.HORIZONTAL)
    panel.value_mode(BarGaugeValueMode.TEXT).show_unfilled(True).with_transformation(_ROWS_TO_FIELDS)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
    if text:
        # beside the bar a Chinese name is measured too narrow, and cut
        panel.name_placement(BarGaugeNamePlacement.TOP)
        panel.text(common.VizTextDisplayOptions().value_size(text).title_size(_SMALL_NAME))
    return panel


def trend(
    title: str,
    query: str,
    place: Place,
    figure: Figure,
    *,
    note: str = "",
    stacked: bool = False,
    drawn_as: GraphDrawStyle = GraphDrawStyle.LINE,
    wall: bool = False,
    from_zero: bool = False,
) -> timeseries.Panel:
    """Values over time; gaps stay gaps."""
    panel = _figured(timeseries.Panel(), title, query, place, figure, note, form=Format.SERIES)
    panel.draw_style(drawn_as).line_width(3 if wall else 1).span_nulls(False).show_points(VisibilityMode.AUTO)
    panel.fill_opacity(70 if drawn_as is GraphDrawStyle.BARS else 0)
    panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    panel.legend(
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    if from_zero:
        # a tenth of it looks like a tenth: from afar nobody reads an axis
        panel.axis_soft_min(0)
    if stacked:
        panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    return panel


def listing(
    title: str,
    query: str,
    place: Place,
    units: Mapping[str, str],
    *,
    links: Mapping[str, tuple[str, str]] | None = None,
    hidden: Sequence[str] = (),
    coloured: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    worded: Mapping[str, str] | None = None,
    wide: Mapping[str, int] | None = None,
    note: str = "",
) -> table.Panel:
    """A table.

    Args:
        title: the panel's title.
        query: its columns are shown as they are named.
        place: grid units.
        units: unit of each numeric column; columns whose unit is in a column beside them have `look.PLAIN`.
        links: column -> (title, url).
        hidden: columns that only links need.
        coloured: text column -> (beginning, colour).
        worded: column of codes -> family in `words.WORDS`.
        wide: column -> its width in pixels, where an even share would cut it.
        note: description.
    """
    panel = _common(table.Panel(), title, query, place, note)
    panel.cell_height(TableCellHeight.SM).show_header(True).no_value(look.UNKNOWN)
    panel.mappings([look.unknown()])
    # Grafana gives every column 150 px at least: a table of ten would be cut at the right
    panel.min_width(60)
    panel.override_by_field_type("time", look.shown(unit=_INSTANT, custom_width=_INSTANT_PX))
    for name, unit in units.items():
        panel.override_by_name(name, look.shown(unit=unit, decimals=_decimals(unit)))
    for name, (label, url) in (links or {}).items():
        value = [{"title": label, "url": url, "targetBlank": True}]
        panel.override_by_name(name, [DynamicConfigValue(id_val="links", value=value)])
    for name, prefixes in (coloured or {}).items():
        mapped: list[ValueMapping] = look.beginning(prefixes)
        cells = [
            DynamicConfigValue(id_val="mappings", value=mapped),
            DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}),
        ]
        panel.override_by_name(name, cells)
    for name, family in (worded or {}).items():
        panel.override_by_name(name, look.shown(mappings=[look.called(WORDS[family]), look.unknown()]))
    for name, pixels in (wide or {}).items():
        panel.override_by_name(name, look.shown(custom_width=pixels))
    for name in hidden:
        # by the one name since Grafana 12.2, by the other before
        gone = {"viz": True, "legend": True, "tooltip": True}
        panel.override_by_name(
            name,
            [
                DynamicConfigValue(id_val="custom.hideFrom", value=gone),
                DynamicConfigValue(id_val="custom.hidden", value=True),
            ],
        )
    return panel


def states(
    title: str, query: str, place: Place, codes: Mapping[str, tuple[str, str]], *, note: str = ""
) -> statetimeline.Panel:
    """Numeric codes over time, shown as words."""
    panel = _common(statetimeline.Panel(), title, query, place, note, form=Format.SERIES)
    panel.unit(look.STATE).mappings([look.words(codes), look.unknown()]).merge_values(True)
    panel.show_value(VisibilityMode.AUTO).color_scheme(look.by_threshold()).thresholds(look.steps(look.GREY))
    panel.legend(
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    return panel


def closing(panel: stat.Panel, column: str) -> stat.Panel:
    """The ledger closes by the quarter hour: it is a quarter to half an hour old when all is well."""
    late = look.steps(look.GREEN, (40, look.AMBER), (90, look.RED)).build()
    return panel.override_by_name(column, look.shown(thresholds=late))


def link(title: str, url: str) -> DashboardLink:
    """A link from a panel's title."""
    return DashboardLink(title).url(url).target_blank(False)


def _decimals(unit: str) -> int | None:
    whole = {look.DURATION, look.POINTS, look.ALERTS, look.PIECES, look.MOTORS, look.CASES, look.CODE}
    return 0 if unit in whole else None if unit == look.BYTES else 2 if unit == look.PLAIN else 1


def _figured(
    panel: P, title: str, query: str, place: Place, figure: Figure, note: str, form: Format = Format.TABLE
) -> P:
    _common(panel, title, query, place, note, form)
    panel.unit(figure.unit).no_value(look.UNKNOWN).mappings([look.unknown()])
    panel.thresholds(figure.thresholds)
    if not isinstance(panel, timeseries.Panel):
        panel.color_scheme(look.by_threshold())
    if figure.decimals is not None:
        panel.decimals(figure.decimals)
    if figure.low is not None:
        panel.min(figure.low)
    if figure.high is not None:
        panel.max(figure.high)
    return panel


def _common(panel: P, title: str, query: str, place: Place, note: str, form: Format = Format.TABLE) -> P:
    panel.title(title).datasource(source()).grid_pos(place.grid()).with_target(SqlQuery.named(query, form))
    if note:
        panel.description(note)
    return panel
