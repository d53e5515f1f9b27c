"""An enterprise, its cuts of time and its processes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from enms.names import Name
from enms.plant_types import ClockTime, Code, EnterpriseCode, Strict
from enms.plant_words import zone


class Shift(Strict):
    """A working shift in local wall time; it passes midnight when `to` is not after `from`."""

    code: Code
    starts: ClockTime = Field(alias="from")
    ends: ClockTime = Field(alias="to")


_THREE_SHIFTS = (
    Shift.model_validate({"code": "night", "from": "00:00", "to": "08:00"}),
    Shift.model_validate({"code": "day", "from": "08:00", "to": "16:00"}),
    Shift.model_validate({"code": "eve", "from": "16:00", "to": "24:00"}),
)


class Enterprise(Strict):
    """A key energy user and its own cuts of time."""

    code: EnterpriseCode
    name: Name
    industry: Literal["steel", "rare_earth", "power", "other"]
    timezone: Annotated[str, AfterValidator(zone)] = "Asia/Shanghai"
    day_starts: ClockTime = "00:00"
    month_starts_day: int = Field(default=1, ge=1, le=28)
    shifts: tuple[Shift, ...] = _THREE_SHIFTS


class Process(Strict):
    """A process (工序): a work center of IEC 62264."""

    code: Code
    name: Name
    kind: str
    parent: Code | None = None
    commissioned: date | None = None
