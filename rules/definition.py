"""A rule is data: what a rule book may say.

No expression is ever evaluated as code: a condition is one of a few shapes with figures in it.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from enms.alerts import Purpose, Severity
from enms.plant import Name
from rules.lifecycle import Policy

_ID = re.compile(r"[a-z0-9][a-z0-9_]*")
_DURATION = re.compile(r"(\d+)\s*(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Kind(StrEnum):
    """What a rule can be about."""

    ENPI_LIMIT = "enpi_limit"
    MOTOR_UNDERLOAD = "motor_underload"
    MOTOR_IDLE = "motor_idle"
    DATA_QUALITY = "data_quality"


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(str(value))
    if match is None:
        raise ValueError('a duration is a number and s, m, h or d, such as "10m"')
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError("a rule id has small letters, digits and underscore")
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(lambda d: f"{int(d.total_seconds())}s", return_type=str),
]
RuleId = Annotated[str, AfterValidator(_id)]
Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class _Rule(_Strict):
    """What every rule says.

    Attributes:
        hold: `for`, the on-delay.
        keep_firing_for: the off-delay.
        deadband: in `unit`; inside it a firing alert goes on and none begins.
        notify: who is told, as roles.
        source: the clause or the reason behind the figures.
    """

    id: RuleId
    title: Name
    purpose: Purpose
    unit: Text
    severity: Severity
    cadence: Literal["interval"]
    hold: Duration = Field(default=timedelta(), alias="for")
    keep_firing_for: Duration = timedelta()
    deadband: NotNegative = 0.0
    source: Text
    notify: Annotated[tuple[Text, ...], Field(min_length=1)]
    runbook: Name

    @property
    def policy(self) -> Policy:
        """The delays of its lifecycle."""
        return Policy(self.hold, self.keep_firing_for)

    @property
    def definition(self) -> str:
        """Canonical JSON: the same rule gives the same text, however it was laid out."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), ensure_ascii=False, sort_keys=True)

    @property
    def digest(self) -> str:
        """SHA-256 of the definition."""
        return sha256(self.definition.encode()).hexdigest()


class _Watch(_Strict):
    """Where a rule looks; no enterprises named: all."""

    enterprises: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None


class EnpiWatch(_Watch):
    """Every EnPI held against one of these rows of a standard."""

    standard: Text
    items: Annotated[tuple[Text, ...], Field(min_length=1)]


class EnpiLimitCondition(_Strict):
    """The EnPI, over each `resolution`, is over the level that binds the line, after corrections.

    Attributes:
        min_completeness: below it the verdict is unknown.
    """

    resolution: Literal["shift", "day", "rolling24h"]
    over: Literal["binding_level"]
    min_completeness: Share = 0.9


class EnpiLimitRule(_Rule):
    kind: Literal[Kind.ENPI_LIMIT]
    # A statutory verdict needs the statistical period (a year, in segments): not in this version.
    purpose: Literal[Purpose.OPERATIONAL]
    watches: EnpiWatch
    condition: EnpiLimitCondition


class MotorWatch(_Watch):
    """Every motor of these duties."""

    duty: Annotated[tuple[Literal["continuous", "intermittent", "standby"], ...], Field(min_length=1)]


class MotorLoadCondition(_Strict):
    """The motor is energised and its load factor under `load_factor_below`, but not under `and_not_below`.

    1 is rated load.
    """

    load_factor_below: Annotated[float, Field(gt=0, le=2)]
    and_not_below: Annotated[float, Field(ge=0, le=2)] = 0.0
    min_completeness: Share = 0.9


class MotorLoadRule(_Rule):
    kind: Literal[Kind.MOTOR_UNDERLOAD, Kind.MOTOR_IDLE]
    purpose: Literal[Purpose.OPERATIONAL]
    watches: MotorWatch
    condition: MotorLoadCondition


class PointWatch(_Watch):
    """Every metered point, or those of some roles."""

    roles: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None


class SilentCondition(_Strict):
    """Closed quarter hours have nothing in them."""

    check: Literal["silent"]


class DataQualityRule(_Rule):
    kind: Literal[Kind.DATA_QUALITY]
    purpose: Literal[Purpose.OPERATIONAL]
    watches: PointWatch = PointWatch()
    condition: SilentCondition


Rule: TypeAlias = EnpiLimitRule | MotorLoadRule | DataQualityRule
MODELS: dict[str, type[EnpiLimitRule | MotorLoadRule | DataQualityRule]] = {
    Kind.ENPI_LIMIT: EnpiLimitRule,
    Kind.MOTOR_UNDERLOAD: MotorLoadRule,
    Kind.MOTOR_IDLE: MotorLoadRule,
    Kind.DATA_QUALITY: DataQualityRule,
}
