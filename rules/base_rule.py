"""What every rule in a rule book says, whatever its kind: names, delays, who is told, where the figures come from."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from enms.alerts import Purpose, Severity
from enms.names import Name
from rules.lifecycle import Policy

_ID = re.compile(r"[a-z0-9][a-z0-9_]*")
_DURATION = re.compile(r"(\d+)\s*(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


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


# Of a definition: what is said about an answer.
_TOLD = {"title", "source", "severity", "purpose", "notify", "runbook", "escalate_after"}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class BaseRule(Strict):
    """What every rule says.

    Attributes:
        hold: `for`, the on-delay.
        keep_firing_for: the off-delay.
        cadence: `interval` judges what is closed; `1m` every minute from readings, provisional until it closes.
        deadband: in `unit`; inside it a firing alert goes on and none begins.
        notify: who is told, as roles.
        escalate_after: how long it may wait for somebody to take it, instead of what the channels file says.
        source: the clause or the reason behind the figures.
    """

    id: RuleId
    title: Name
    purpose: Purpose
    unit: Text
    severity: Severity
    cadence: Literal["interval", "1m"]
    hold: Duration = Field(default=timedelta(), alias="for")
    keep_firing_for: Duration = timedelta()
    deadband: NotNegative = 0.0
    source: Text
    notify: Annotated[tuple[Text, ...], Field(min_length=1)]
    runbook: Name
    escalate_after: Duration | Literal["never"] | None = None

    # Whether its kind can be judged before quarter hours close.
    live: ClassVar[bool] = False

    @property
    def scope(self) -> Literal["plant", "district"]:
        """What it is judged on: every plant by itself, or all of them together."""
        return "plant"

    @property
    def one_by_one(self) -> bool:
        """Whether what it watches is judged each by itself: more or fewer of them change nothing of the others."""
        return True

    @model_validator(mode="after")
    def _cadence_of_its_kind(self) -> Self:
        if self.cadence == "1m" and not self.live:
            raise ValueError("cadence 1m is for max_demand; everything else is judged on closed intervals")
        return self

    @property
    def policy(self) -> Policy:
        """The delays of its lifecycle."""
        return Policy(self.hold, self.keep_firing_for)

    @property
    def definition(self) -> str:
        """Canonical JSON: the same rule gives the same text, however it was laid out."""
        said = self.model_dump(mode="json", by_alias=True)
        # what was added to rules later, and is not said, does not make another wording of old ones
        if self.escalate_after is None:
            del said["escalate_after"]
        return json.dumps(said, ensure_ascii=False, sort_keys=True)

    def judges_as(self, definition: str) -> bool:
        """Whether another definition gives the same answers about what both watch; who is told what is none of them."""
        apart = {*_TOLD, "watches"} if self.one_by_one else _TOLD
        one, other = json.loads(self.definition), json.loads(definition)
        return {k: v for k, v in one.items() if k not in apart} == {k: v for k, v in other.items() if k not in apart}

    @property
    def digest(self) -> str:
        """SHA-256 of the definition."""
        return sha256(self.definition.encode()).hexdigest()


class Watch(Strict):
    """Where a rule looks; no enterprises named: all."""

    enterprises: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
