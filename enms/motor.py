"""A motor as a plant file describes it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from enms.names import Name
from enms.plant_types import Code, Positive, Strict


class MotorPoints(Strict):
    """Which points watch a motor."""

    power: Code | None = None
    current: Code | None = None
    voltage: Code | None = None
    speed: Code | None = None
    power_factor: Code | None = None
    driven_output: Code | None = None


class Motor(Strict):
    """A motor's nameplate (GB/T 12497, GB 18613) and its instruments."""

    code: Code
    name: Name | None = None
    process: Code | None = None
    model: str | None = None
    year: int | None = Field(default=None, ge=1900, le=2100)
    type: Literal["cage", "wound", "synchronous", "permanent_magnet", "dc"] = "cage"
    rated_kw: Positive
    poles: int | None = Field(default=None, ge=2, le=64)
    efficiency_pct: float | None = Field(default=None, gt=0, lt=100)
    voltage_v: Positive | None = None
    current_a: Positive | None = None
    power_factor: float | None = Field(default=None, gt=0, le=1)
    no_load_loss_kw: Positive | None = None
    rated_rpm: Positive | None = None
    duty: Literal["continuous", "intermittent", "standby"] = "continuous"
    vsd: bool = False
    drives: str | None = None
    points: MotorPoints = MotorPoints()
