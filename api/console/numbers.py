"""Numbers as people read them. static/format.js does the same for live values; a browser test holds the two together.

Three significant digits where space is short, the full value on hover, the unit always. Unknown is a dash with its
reason, never 0.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

# Steps of a thousand upwards, and how the next one is called.
_STEPS: dict[str, tuple[str, float]] = {
    "W": ("kW", 1e3),
    "kW": ("MW", 1e3),
    "MW": ("GW", 1e3),
    "kWh": ("MWh", 1e3),
    "MWh": ("GWh", 1e3),
    "kvar": ("Mvar", 1e3),
    "kvarh": ("Mvarh", 1e3),
    "kgce": ("tce", 1e3),
    "kg": ("t", 1e3),
    "MJ": ("GJ", 1e3),
    "GJ": ("TJ", 1e3),
}
_KNOWN_AS = {
    "Nm3": "Nm³",
    "m3": "m³",
    "degC": "°C",
    "1": "",
    "Nm3/h": "Nm³/h",
    "m3/h": "m³/h",
    "kNm3/h": "×10³ Nm³/h",
    "10^4Nm3": "×10⁴ Nm³",
    "MJ/Nm3": "MJ/Nm³",
    "kJ/Nm3": "kJ/Nm³",
    "MJ/m3": "MJ/m³",
    "tCO2": "tCO₂",
}
# A prefix before m³ would be cubed (km³): powers of ten are written out.
_VOLUMES = {"Nm3", "m3", "Nm3/h", "m3/h"}
MINUS = "\u2212"
DASH = "—"


def scaled(value: float, unit: str) -> tuple[float, str]:
    """The value in the unit of its size: 18 250 kW is 18.25 MW."""
    while unit in _STEPS and abs(value) >= 1e3:
        unit, step = _STEPS[unit]
        value /= step or 1e3
    if unit in _VOLUMES and abs(value) >= 1e4:
        power, step = ("⁶", 1e6) if abs(value) >= 1e7 else ("³", 1e3)
        return value / step, f"×10{power} {_KNOWN_AS[unit]}"
    return value, _KNOWN_AS.get(unit, unit)


def short(value: float) -> str:
    """Three significant digits, whole numbers from a thousand on."""
    size = abs(value)
    if size < 5e-4:
        return "0"
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2 if size >= 0.9995 else 3
    return f"{value:,.{digits}f}".replace("-", MINUS)


def shown(value: float) -> str:
    """A figure of a report: thousandths below a hundred, whole numbers from ten thousand on."""
    size = abs(value)
    digits = 0 if size >= 9_999.5 else 1 if size >= 999.95 else 2 if size >= 99.995 else 3
    text = f"{value:,.{digits}f}"
    # what rounds to nothing has no sign
    return (text.lstrip("-") if not text.strip("-0.,") else text).replace("-", MINUS)


def full(value: float) -> str:
    """Everything a double tells a person."""
    return f"{value:,.6f}".rstrip("0").rstrip(".").replace("-", MINUS)


def quantity(
    value: float | None,
    unit: str | None,
    why: str = "",
    live: str | None = None,
    field: str = "value",
    *,
    exact: bool = False,
) -> Markup:
    """A number with its unit, ready for the page.

    Args:
        value: None is unknown.
        unit: as in the API.
        why: why it is unknown, on hover.
        live: `enterprise/point:code` or `enterprise/summary-key`: updated by events.
        field: value or rate of a live point.
        exact: as it is, in its own unit: a register's reading, a nameplate's figure.
    """
    unit = unit or "1"
    mark = Markup(' data-live="{}" data-field="{}" data-unit="{}"{}')
    data = mark.format(live, field, unit, Markup(" data-exact") if exact else "") if live else Markup("")
    if value is None:
        return Markup('<span class="q unknown"{} title="{}"><b>{}</b></span>').format(data, why, DASH)
    number, name = (value, symbol(unit)) if exact else scaled(value, unit)
    title = f"{full(value)} {_KNOWN_AS.get(unit, unit)}".strip()
    shown = Markup("&#8239;<i>{}</i>").format(name) if name else Markup("")
    text = full(number) if exact else short(number)
    return Markup('<span class="q"{} title="{}"><b>{}</b>{}</span>').format(data, title, text, shown)


def percent(share: float | None, *, signed: bool = False, why: str = "") -> Markup:
    """A share as per cent, with its sign where it is a change."""
    if share is None:
        return Markup('<span class="q unknown" title="{}"><b>{}</b></span>').format(why, DASH)
    value = share * 100
    text = short(abs(value)) if abs(value) < 99.95 or signed else f"{abs(value):.0f}"
    sign = (MINUS if value < 0 else "+" if signed else "") if text != "0" else ""
    return Markup('<span class="q" title="{}%"><b>{}{}</b><i>%</i></span>').format(full(value), sign, text)


def symbol(unit: str) -> str:
    """A unit as it is written for people."""
    return _KNOWN_AS.get(unit, unit)


def local(instant: datetime | None, zone: ZoneInfo, form: str = "%m-%d %H:%M") -> Markup:
    """An instant in somebody's wall time, exact on hover."""
    if instant is None:
        return Markup('<span class="unknown">{}</span>').format(DASH)
    wall = instant.astimezone(zone)
    exact = wall.isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, exact, wall.strftime(form))
