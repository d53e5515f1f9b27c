"""The walls: read at 5 m, eight panels at most, one trend, at most five alarms, always the age of the data."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink

from grafana import look
from grafana.frame import Uid, Variable, to_desk, wall
from grafana.look import AMBER, GREEN, RED, steps
from grafana.panels import Figure, Place, alarm_rows, bars, link, tile, trend

# Data is a minute old in the ordinary way; the pipeline alert fires at two.
_AGE = Figure(look.MINUTES, 1, steps(GREEN, (2, AMBER), (10, RED)))
_OPEN = Figure(look.ALERTS, 0, steps(GREEN, (1, AMBER)))
_MARGIN = Figure(look.KGCE_PER_T, 1, steps(RED, (0, GREEN)))
_SMALL = 43  # 64 px at 150 %
# Names too long for one line at 64 px: 57 and 51 px, a line or two.
_LONG, _LONGEST = 38, 34


def _tiles(*widths: int) -> list[Place]:
    """The first row. A tile of two figures with units wants 7 columns, of long units 9; else the unit falls below."""
    return [Place(sum(widths[:n]), 0, width, 5) for n, width in enumerate(widths)]


_PAIR = (Place(0, 5, 6, 5), Place(6, 5, 6, 5))
_TREND = Place(0, 10, 12, 8)
_ALARMS = Place(12, 5, 12, 13)


def district() -> Dashboard:
    """Is anything wrong now, where, and since when?"""
    a, b, c, d = _tiles(5, 8, 6, 5)
    return wall(
        Uid.WALL_DISTRICT,
        "区域能耗大屏 · District",
        [
            tile("用电负荷 Power now", "district_power", a, Figure(look.MW)),
            tile("综合能耗 Energy used", "district_tce", b, Figure(look.TCE, 0), size=_SMALL),
            tile("未关闭报警 Open alerts", "district_alerts", c, _OPEN, named=False, size=_SMALL, name_size=_LONGEST),
            tile("数据时效（最旧）Age of data", "district_age", d, _AGE, name_size=_LONGEST),
            tile(
                "静默计量点 Silent meters",
                "district_silent",
                _PAIR[0],
                Figure(look.POINTS, 0, steps(GREEN, (1, AMBER))),
                name_size=_LONG,
            ),
            tile(
                "最小限额余量 Smallest margin",
                "district_margin",
                _PAIR[1],
                _MARGIN,
                name_size=30,
                note="最近结清日的限额值减单耗；为负即超限",
            ),
            alarm_rows("报警 Alarms", "district_alarms", _ALARMS).links([link("全部 all", to_desk(Uid.ALERTS))]),
            trend(
                "各企业用电负荷 Power by plant (MW)",
                "district_power_trend",
                _TREND,
                Figure(look.MW),
                wall=True,
                from_zero=True,
            ),
        ],
        annotation="annotation_alerts_district",
        desk=Uid.LEAGUE,
    )


def steel() -> Dashboard:
    """Power, own gas, furnaces against their limit."""
    a, b, c, d = _tiles(5, 5, 9, 5)
    return wall(
        Uid.WALL_STEEL,
        "钢铁企业大屏 · Steel works",
        [
            tile("用电负荷 Power now", "wall_power", a, Figure(look.MW)),
            tile("自发电率 Own generation", "steel_own_power", b, Figure(look.PERCENT, 1, low=0, high=100)),
            tile(
                "高炉工序能耗余量 Furnaces: margin",
                "steel_furnaces",
                c,
                _MARGIN,
                size=_SMALL,
                name_size=_LONGEST,
                note="最近结清日的限额（含稀土矿修正）减单耗；为负即超限",
            ),
            tile("数据时效 Age of data", "wall_age", d, _AGE),
            tile(
                "煤气利用率 Gas put to use",
                "steel_gas_use",
                Place(0, 5, 8, 5),
                Figure(look.PERCENT, 1, steps(RED, (97, AMBER), (98.5, GREEN))),
                size=_SMALL,
                name_size=26,
                note="1 − 放散 ÷ 发生，按当前流量",
            ),
            bars(
                "煤气柜位 Gas holders",
                "steel_holders",
                Place(8, 5, 5, 5),
                Figure(look.PERCENT, 0, steps(AMBER, (20, GREEN), (90, AMBER)), low=0, high=100),
                text=30,
            ),
            alarm_rows("报警 Alarms", "wall_alarms", Place(13, 5, 11, 13)).links([_alerts()]),
            trend(
                "高炉煤气平衡 BFG balance (kNm3/h)",
                "steel_gas_trend",
                Place(0, 10, 13, 8),
                Figure(look.KNM3_PER_H, 0),
                wall=True,
            ),
        ],
        variables=[Variable("enterprise", "企业 enterprise", "var_enterprise_steel")],
    )


def rare_earth() -> Dashboard:
    """The cell house: current efficiency, direct current per kg, voltage."""
    a, b, c = _tiles(6, 12, 6)
    efficiency = tile(
        "电流效率与直流电耗 Cells, last closed day",
        "rare_earth_cells",
        b,
        Figure(look.PERCENT, 1),
        named=False,
        note="金属产量 ÷（电流 × 1.78 g/Ah）；只按日计算，单次出炉不说明电解槽",
    )
    efficiency.override_by_name("efficiency", look.shown(displayName="电流效率", unit=look.PERCENT, decimals=1))
    efficiency.override_by_name("dc_per_kg", look.shown(displayName="直流电耗", unit=look.KWH_PER_KG, decimals=2))
    return wall(
        Uid.WALL_RARE_EARTH,
        "稀土企业大屏 · Rare-earth works",
        [
            tile("用电负荷 Power now", "wall_power", a, Figure(look.MW, 2)),
            efficiency,
            tile("数据时效 Age of data", "wall_age", c, _AGE),
            tile(
                "综合能耗 Energy used",
                "wall_tce",
                Place(0, 5, 7, 5),
                Figure(look.TCE),
                size=_SMALL,
                name_size=_LONGEST,
            ),
            tile(
                "单耗 EnPI, last closed day",
                "rare_earth_enpi",
                Place(7, 5, 7, 5),
                Figure(look.KGCE_PER_T, 0),
                size=30,
                name_size=30,
            ),
            alarm_rows("报警 Alarms", "wall_alarms", Place(14, 5, 10, 13)).links([_alerts()]),
            trend(
                "电解槽电压 Cell voltage (V)",
                "rare_earth_voltage",
                Place(0, 10, 14, 8),
                Figure(look.VOLT, 2),
                wall=True,
            ),
        ],
        variables=[Variable("enterprise", "企业 enterprise", "var_enterprise_rare_earth")],
    )


def power() -> Dashboard:
    """Net coal rate against 305, house load, output, heat."""
    a, b, c, d = _tiles(7, 7, 5, 5)
    return wall(
        Uid.WALL_POWER,
        "火电企业大屏 · Power station",
        [
            tile("出力 Output now", "station_output", a, Figure(look.MW, 0), size=_SMALL),
            tile(
                "供电煤耗 Net coal rate",
                "station_coal_rate",
                b,
                Figure(look.GCE_PER_KWH),
                note="305 gce/kWh 是机组群滚动 12 个月的规划平均值；单日只作对照，不判超限",
            ),
            tile("厂用电率 House load", "station_house_load", c, Figure(look.PERCENT, 2, low=0)),
            tile("数据时效 Age of data", "wall_age", d, _AGE),
            tile("供热 Heat supplied", "station_heat", Place(0, 5, 5, 5), Figure(look.GJ_PER_H, 0)),
            tile("综合能耗 Energy used", "wall_tce", Place(5, 5, 8, 5), Figure(look.TCE, 0), size=_SMALL),
            alarm_rows("报警 Alarms", "wall_alarms", Place(13, 5, 11, 13)).links([_alerts()]),
            trend(
                "机组有功 Units (MW)",
                "station_units",
                Place(0, 10, 13, 8),
                Figure(look.MW, 0),
                wall=True,
                from_zero=True,
            ),
        ],
        variables=[Variable("enterprise", "企业 enterprise", "var_enterprise_power")],
    )


def _alerts() -> DashboardLink:
    return link("全部 all", to_desk(Uid.ALERTS, "enterprises=${enterprise}"))
