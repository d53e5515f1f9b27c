"""The desks: enterprise, process EnPI, motors, alerts and cases. Dense, and linked to the console's pages."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.builders.stat import Panel as Counts
from grafana_foundation_sdk.builders.timeseries import Panel as Series
from grafana_foundation_sdk.models.common import GraphDrawStyle
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue

from grafana import look
from grafana.frame import ENPI, ENTERPRISE, JUDGES, MOTOR, Uid, desk
from grafana.look import AMBER, BLUE, GREEN, GREY, RED, steps
from grafana.panels import Figure, P, Place, bars, closing, link, listing, states, tile, trend
from grafana.sql import SqlQuery

_AGE = Figure(look.MINUTES, 1, steps(GREEN, (2, AMBER), (10, RED)))
_ALERT_PAGE = ("证据 evidence in the console", "${console}/alerts/${__data.fields.id}")
_CASE_PAGE = ("案件页面 case page", "${console}/cases/${__value.text}")
_STATES = (("静默", AMBER), ("从未", AMBER), ("正常", GREEN))
_VERDICTS = (
    ("超限", RED),
    ("达标", GREEN),
    ("未知", GREY),
    ("数据不足", AMBER),
    ("停产", GREY),
    ("无限额", GREY),
    ("限额未知", AMBER),
    ("见规则", BLUE),
)
_OPEN_COUNTS = Figure(look.ALERTS, 0)


def enterprise() -> Dashboard:
    """What are we using, on what, compared with the days before?"""
    page = link("控制台页面 console", "${console}/e/${enterprise}")
    return desk(
        Uid.ENTERPRISE,
        "企业 · Enterprise",
        [
            tile(
                "电力 Power now", "enterprise_power_now", Place(0, 0, 12, 4), Figure(look.MW), named=False, size=0
            ).links([page]),
            closing(
                tile("数据时效 Age of data", "enterprise_age", Place(12, 0, 6, 4), _AGE, named=False, size=0),
                "账本 ledger closed",
            ),
            tile(
                "计量点 Points",
                "enterprise_points_silent",
                Place(18, 0, 6, 4),
                Figure(look.POINTS, 0),
                named=False,
                size=0,
            ),
            trend(
                "用电负荷 Power, closed quarter hours (MW)",
                "enterprise_power_curve",
                Place(0, 4, 12, 8),
                Figure(look.MW),
            ),
            trend(
                "分能源品种日能耗 Energy by carrier and day (tce)",
                "enterprise_carrier_days",
                Place(12, 4, 12, 8),
                Figure(look.TCE),
                stacked=True,
                drawn_as=GraphDrawStyle.BARS,
                note="购入 − 外销 − 库存增加；外销为负。缺一项即未知，不画。",
            ),
            _two_units(
                trend(
                    "日综合能耗与碳排放 Energy and carbon by day",
                    "enterprise_days",
                    Place(0, 12, 12, 7),
                    Figure(look.TCE),
                    drawn_as=GraphDrawStyle.BARS,
                    note="今日只到结清的刻钟",
                ),
                "/tCO2/",
                look.TCO2,
            ),
            listing(
                "工序用电 Electricity by process",
                "enterprise_processes",
                Place(12, 12, 12, 7),
                {"电力 power": look.MW, "数据时效 age": look.DURATION},
            ),
            listing(
                "最近结清日能源平衡 Balance of the last closed day",
                "enterprise_balance",
                Place(0, 19, 24, 8),
                {"数量 amount": look.PLAIN, "tce": look.TCE, "tCO2": look.TCO2},
                note="当量值；单位在旁列",
            ),
            listing(
                "计量点 Points",
                "enterprise_points",
                Place(0, 27, 24, 10),
                {"读数 reading": look.PLAIN, "瞬时 flow": look.PLAIN, "数据时效 age": look.DURATION},
                links={
                    "编码 code": ("计量点页面 point page", "${console}/points/${__value.text}?enterprise=${enterprise}")
                },
                coloured={"状态 state": _STATES},
            ),
        ],
        variables=[ENTERPRISE],
    )


def enpi() -> Dashboard:
    """Are we inside the limit, by how much, and how sure?"""
    page = link("控制台页面 console", "${console}/e/${enterprise}/enpi/${enpi}")
    values = trend(
        "单耗与限额 EnPI against the levels of the limit",
        "enpi_values",
        Place(0, 5, 16, 9),
        Figure("short", 1),
        note="限额已按声明的条件修正（稀土矿配比等）；1 级是标杆，从不报警。单日不是统计期，年度才作结论。",
    )
    output = trend(
        "产量 Output by day", "enpi_output", Place(16, 5, 8, 9), Figure("short", 0, low=0), drawn_as=GraphDrawStyle.BARS
    )
    last = tile("最近结清日 Last closed day", "enpi_last", Place(0, 0, 12, 5), Figure("short"), size=0)
    last.override_by_name("距限额 distance", look.shown(thresholds=_margin()))
    month = tile(
        "本月累计（暂定）Month to date, provisional",
        "enpi_month",
        Place(12, 0, 5, 5),
        Figure("short"),
        named=False,
        size=30,
        name_size=16,
    )
    return desk(
        Uid.ENPI,
        "工序单耗 · Process EnPI",
        [
            _unit_from_data(last.links([page])),
            _unit_from_data(month),
            tile(
                "完整率 Completeness",
                "enpi_completeness",
                Place(17, 0, 4, 5),
                Figure(look.PERCENT, 1, steps(RED, (90, AMBER), (99, GREEN))),
                named=False,
                size=0,
            ),
            tile("数据时效 Age of data", "wall_age", Place(21, 0, 3, 5), _AGE, size=0),
            _unit_from_data(values),
            _unit_from_data(output, "output_unit"),
            states(
                "逐日结论 Verdict by day",
                "enpi_verdicts",
                Place(0, 14, 24, 4),
                {
                    "0": ("达标 within", GREEN),
                    "1": ("超限 over", RED),
                    "2": ("未知 unknown", GREY),
                    "3": ("停产 idle", BLUE),
                },
            ),
            listing(
                "逐日 Days",
                "enpi_days",
                Place(0, 18, 13, 9),
                {
                    "单耗 EnPI": look.PLAIN,
                    "限额 limit": look.PLAIN,
                    "距限额 distance": look.PLAIN,
                    "约束等级 level": look.PLAIN,
                    "完整率 completeness": look.PERCENT,
                },
                coloured={"结论 verdict": _VERDICTS},
                wide={
                    "完整率 completeness": 165,
                    "单位 unit": 75,
                    "标准 edition": 125,
                    "距限额 distance": 125,
                    "约束等级 level": 120,
                },
            ),
            listing(
                "规则判定 Rules",
                "enpi_rules",
                Place(13, 18, 11, 9),
                {"数值 value": look.PLAIN, "限额 limit": look.PLAIN},
                coloured={"判定 answer": (("超限", RED), ("未超", GREEN), ("未知", GREY))},
                wide={"规则 rule": 170, "单位 unit": 75, "判至 judged until": 130},
            ),
        ],
        variables=[ENTERPRISE, ENPI],
        span="now-30d",
    )


def motors() -> Dashboard:
    """Which motors waste most, and how do we know?"""
    return desk(
        Uid.MOTORS,
        "电动机 · Motors",
        [
            tile(
                "状态 States",
                "motors_states",
                Place(0, 0, 24, 4),
                Figure(look.MOTORS, 0),
                named=False,
                size=0,
                note="按输入功率 ÷ 额定输入功率；未知：电表静默",
            ),
            bars(
                "输入功率最大的 12 台 Largest by input", "motors_power", Place(0, 4, 10, 10), Figure(look.KW, 0, low=0)
            ),
            trend("所选电动机 The motor chosen (kW)", "motor_curve", Place(10, 4, 14, 6), Figure(look.KW)),
            listing(
                "铭牌 Nameplate",
                "motor_plate",
                Place(10, 10, 14, 4),
                {"额定 rated": look.KW, "效率 efficiency": look.PERCENT, "年份 year": look.CODE},
                worded={"类型 type": "motor_type", "工作制 duty": "duty", "负载 drives": "drives"},
                wide={"类型 type": 130, "工作制 duty": 190, "年份 year": 80, "变频 drive": 80},
            ),
            listing(
                "电动机 Motors",
                "motors_table",
                Place(0, 14, 24, 13),
                {
                    "额定 rated": look.KW,
                    "输入功率 input": look.KW,
                    "输入比 input ratio": look.PERCENT,
                    "负载率 load factor": look.PERCENT,
                    "数据时效 age": look.DURATION,
                    "年份 year": look.CODE,
                    "id": look.CODE,
                },
                links={"电动机 motor": ("控制台页面 console", "${console}/motor/${__data.fields.id}")},
                hidden=["id"],
                coloured={"规则判定 rules": (("正常", GREEN), ("未知", GREY), ("电动机", AMBER))},
                note="负载率由规则按 GB/T 12497 推定；仅有输入功率时效率不可知",
            ),
        ],
        variables=[ENTERPRISE, MOTOR],
        span="now-24h",
    )


def alerts() -> Dashboard:
    """What must I deal with first, and on what evidence? What has to be mended by when, and is late?"""
    word = {"级别 severity": look.SEVERITIES}
    wide = {"报警 alert": 260, "单位 unit": 80, "级别 severity": 130}
    figures = {"数值 value": look.PLAIN, "限额 limit": look.PLAIN, "持续 for": look.DURATION, "id": look.CODE}
    return desk(
        Uid.ALERTS,
        "报警与案件 · Alerts and cases",
        [
            tile("未关闭 Open", "alerts_counts", Place(0, 0, 10, 4), _OPEN_COUNTS, named=False, size=0),
            tile("数据时效（最旧）Age of data", "district_age", Place(10, 0, 4, 4), _AGE, size=0),
            bars("按规则（所选时段）By rule", "alerts_by_rule", Place(14, 0, 10, 11), Figure(look.ALERTS, 0, low=0)),
            trend("同时未关闭数 Open at once", "alerts_over_time", Place(0, 4, 14, 7), Figure(look.ALERTS, 0, low=0)),
            listing(
                "未关闭 Open alerts",
                "alerts_open",
                Place(0, 11, 24, 10),
                figures,
                links={"报警 alert": _ALERT_PAGE},
                hidden=["id"],
                coloured=word,
                worded={"把握 certainty": "certainty"},
                wide=wide | {"对象 subject": 190, "案件 case": 110},
            ),
            _late(tile("案件 Cases", "cases_counts", Place(0, 21, 10, 8), Figure(look.CASES, 0), named=False, size=0)),
            bars(
                "案件按状态 Cases by state",
                "cases_by_state",
                Place(10, 21, 14, 8),
                Figure(look.CASES, 0, low=0),
                note="已结案、已撤案只计所选时段内的",
            ),
            listing(
                "未结案件 Open cases",
                "cases_open",
                Place(0, 29, 24, 8),
                {"报警 alerts": look.ALERTS, "依据有变 changed": look.ALERTS},
                links={"编号 number": _CASE_PAGE},
                coloured={"期限 time left": (("逾期", RED), ("剩", GREEN))},
                worded={"状态 state": "case"},
                wide={"编号 number": 110, "案由 title": 300, "状态 state": 250},
            ),
            listing(
                "时段内 In the time range",
                "alerts_recent",
                Place(0, 37, 24, 9),
                figures,
                links={"报警 alert": _ALERT_PAGE},
                hidden=["id"],
                coloured=word,
                worded={"结果 outcome": "closed"},
                wide=wide,
            ),
            listing(
                "经过 What happened",
                "alerts_steps",
                Place(0, 46, 24, 7),
                {"id": look.CODE},
                links={"报警 alert": _ALERT_PAGE},
                hidden=["id"],
                worded={"步骤 step": "step"},
            ),
        ],
        variables=[JUDGES],
        annotation="annotation_alerts_district",
    )


def _late(panel: Counts) -> Counts:
    """Red where any is overdue; the name of the figure says it, too."""
    colours = [DynamicConfigValue(id_val="thresholds", value=steps(GREEN, (1, RED)).build())]
    return panel.override_by_name("逾期 overdue", colours)


def _margin() -> object:
    return steps(RED, (0, GREEN)).build()


def _two_units(panel: Series, pattern: str, unit: str) -> Series:
    return panel.override_by_regexp(
        pattern, look.shown(unit=unit, custom_axisPlacement="right", custom_drawStyle="points", custom_pointSize=9)
    )


def _unit_from_data(panel: P, column: str = "unit") -> P:
    """EnPIs differ in unit: it comes with the data, through a second query."""
    panel.with_target(SqlQuery.named("enpi_unit", ref_id="U"))
    mapping = [{"fieldName": column, "handlerKey": "unit"}]
    other = "output_unit" if column == "unit" else "unit"
    mapping.append({"fieldName": other, "handlerKey": "__ignore"})
    options = {"configRefId": "U", "applyTo": {"id": "byType", "options": "number"}, "mappings": mapping}
    return panel.with_transformation(DataTransformerConfig(id_val="configFromData", options=options))
