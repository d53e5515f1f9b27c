"""The district's desks: data quality, league table (能效领跑), platform health."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models.common import GraphDrawStyle

from grafana import look
from grafana.frame import ENTERPRISE, ENTERPRISES, POINT, Uid, desk
from grafana.look import AMBER, GREEN, GREY, RED, steps
from grafana.panels import Figure, Place, bars, closing, listing, states, tile, trend

_BASIS = {
    "0": ("实测 measured", GREEN),
    "1": ("分摊 apportioned", "#8AB8FF"),
    "2": ("估算 estimated", AMBER),
    "3": ("缺失 missing", GREY),
}
_POINT_PAGE = ("计量点页面 point page", "${console}/points/${__value.text}?enterprise=${__data.fields[0]}")


def quality() -> Dashboard:
    """Whose data is missing, late or wrong, since when, what does it spoil?"""
    return desk(
        Uid.QUALITY,
        "数据质量 · Data quality",
        [
            listing(
                "各企业 Enterprises",
                "quality_freshness",
                Place(0, 0, 14, 7),
                {
                    "计量点 points": look.POINTS,
                    "静默 silent": look.POINTS,
                    "从未上报 never": look.POINTS,
                    "数据时效 age": look.DURATION,
                },
                wide={"账本至 closed until": 160},
            ),
            trend(
                "完整率 Completeness by day (%)",
                "quality_completeness",
                Place(14, 0, 10, 7),
                Figure(look.PERCENT, 1, high=100),
                from_zero=True,
            ),
            listing(
                "静默计量点 Silent meters",
                "quality_silent",
                Place(0, 7, 14, 8),
                {"静默 silent for": look.DURATION, "允许 allowed": look.DURATION},
                links={"编码 code": _POINT_PAGE},
            ),
            listing(
                "近 7 日最差 Worst of 7 days",
                "quality_worst",
                Place(14, 7, 10, 8),
                {"完整率 completeness": look.PERCENT, "估算 estimated": look.PERCENT},
            ),
            states("所选计量点的依据 Basis of the point chosen", "quality_basis", Place(0, 15, 24, 4), _BASIS),
            listing(
                "发现 Findings",
                "quality_findings",
                Place(0, 19, 12, 8),
                {},
                worded={"发现 finding": "finding"},
                wide={"计量点 point": 240},
            ),
            listing(
                "隔离 Quarantine",
                "quality_quarantine",
                Place(12, 19, 12, 8),
                {"次数 deliveries": look.PIECES},
                worded={"原因 reason": "refusal"},
                wide={"次数 deliveries": 125, "原因 reason": 200},
            ),
        ],
        variables=[ENTERPRISES, ENTERPRISE, POINT],
        annotation="annotation_alerts_district",
    )


def league() -> Dashboard:
    """Who is nearest to the limit, who is the example? Ranked by distance: percentages invert for converters."""
    return desk(
        Uid.LEAGUE,
        "能效领跑 · District league",
        [
            listing(
                "企业 Plants",
                "league_plants",
                Place(0, 0, 12, 7),
                {
                    "负荷 power": look.MW,
                    "数据时效 age": look.DURATION,
                    "静默点 silent": look.POINTS,
                    "未关闭 open": look.ALERTS,
                },
                links={
                    "企业 enterprise": ("企业看板 desk", f"/d/{Uid.ENTERPRISE}?var-enterprise=${{__data.fields.code}}")
                },
                hidden=["code"],
                worded={"行业 industry": "industry"},
                wide={"行业 industry": 180},
            ),
            bars("近 7 日综合能耗 Energy of 7 days", "league_tce", Place(12, 0, 12, 7), Figure(look.TCE, 0, low=0)),
            listing(
                "单耗距限额排名（本月，暂定）EnPI by distance to the limit",
                "league_distance",
                Place(0, 7, 24, 10),
                {
                    "本月 month to date": look.PLAIN,
                    "约束限额 limit": look.PLAIN,
                    "距限额 distance": look.PLAIN,
                    "距1级标杆 to level 1": look.PLAIN,
                    "等级 level": look.CODE,
                    "完整率 completeness": look.PERCENT,
                },
                note="正数为余量；按 kgce/t 的差值排名，不用百分比。1 级只是标杆。",
            ),
            trend(
                "日综合能耗 Energy by day (tce)",
                "league_days",
                Place(0, 17, 24, 7),
                Figure(look.TCE, 0),
                stacked=True,
                drawn_as=GraphDrawStyle.BARS,
            ),
        ],
        annotation="annotation_alerts_district",
    )


def platform() -> Dashboard:
    """Is anything being lost or late?"""
    age = Figure(look.MINUTES, 1, steps(GREEN, (3, AMBER), (10, RED)))
    ages = dict.fromkeys(("数据时效 data age", "到达 arrival age", "账本 ledger age", "规则 rules age"), look.DURATION)
    return desk(
        Uid.PLATFORM,
        "平台健康 · Platform health",
        [
            closing(
                tile(
                    "最旧一家 Oldest of all",
                    "platform_ages",
                    Place(0, 0, 14, 5),
                    age,
                    named=False,
                    size=0,
                    note="账本：最新结清刻钟的结束，正常不到 30 分钟",
                ),
                "账本 ledger",
            ),
            tile(
                "积压 Backlog",
                "platform_backlog",
                Place(14, 0, 10, 5),
                Figure(look.PIECES, 0, steps(GREEN, (10_000, AMBER))),
                named=False,
                size=0,
            ),
            listing(
                "逐家 By enterprise",
                "platform_pipeline",
                Place(0, 5, 24, 7),
                {**ages, "待推导 spans": look.PIECES, "待发 messages": look.PIECES},
            ),
            trend(
                "到达读数 Readings by minute",
                "platform_arrivals",
                Place(0, 12, 14, 8),
                Figure(look.PER_MINUTE, 0, low=0),
            ),
            bars(
                "存储 Storage",
                "platform_storage",
                Place(14, 12, 10, 8),
                Figure(look.BYTES, None, low=0),
                note="含索引与分区；仅区级登录可见",
            ),
        ],
        annotation="annotation_alerts_district",
        span="now-1h",
        refresh="10s",
    )
