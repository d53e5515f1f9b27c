"""POST /meters/exchange and /meters/reset: what `enms meter` does, by HTTP."""

from __future__ import annotations

from datetime import UTC

from fastapi import APIRouter, status
from pydantic import AwareDatetime, BaseModel, Field

from api.body import Body
from api.deps import Api, Context
from api.problems import RESPONSES
from db.meter_events import MeterEvent, declare
from enms.metering import InstallationKind

router = APIRouter(prefix="/meters", tags=["meters"], responses=RESPONSES)


class ExchangeIn(Body):
    """A new meter at T: readings from T on are its own."""

    enterprise: str = Field(examples=["demo-steel"])
    point: str = Field(examples=["bf1.elec.active_energy"])
    at: AwareDatetime = Field(description="T, with offset", examples=["2026-11-22T10:00:00+08:00"])
    final: float = Field(description="Last value of the old meter", examples=[834512.7], allow_inf_nan=False)
    initial: float = Field(description="First value of the new meter", examples=[0], allow_inf_nan=False)
    multiplier: float | None = Field(default=None, description="Of the new meter, if another", allow_inf_nan=False)
    register_max: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    accuracy_class: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class ResetIn(Body):
    """The same meter, set back at T; without `final` the span before T stays missing."""

    enterprise: str = Field(examples=["demo-steel"])
    point: str = Field(examples=["bf1.elec.active_energy"])
    at: AwareDatetime = Field(description="T, with offset", examples=["2026-11-22T10:00:00+08:00"])
    initial: float = Field(description="Value after the reset", examples=[0], allow_inf_nan=False)
    final: float | None = Field(default=None, description="Value before it", allow_inf_nan=False)


class Declared(BaseModel):
    """The event is stored; the ledger re-derives what it touches."""

    enterprise: str
    point: str
    kind: str = Field(examples=["exchange"])
    at: AwareDatetime
    changed: bool = Field(description="False: the very same was declared before")


async def _declare(api: Context, event: MeterEvent) -> Declared:
    async with api.pool.acquire() as connection:
        changed = await declare(connection, event, api.clock())
    return Declared(enterprise=event.enterprise, point=event.point, kind=event.kind.value, at=event.at, changed=changed)


@router.post("/exchange", status_code=status.HTTP_201_CREATED, summary="Declare a meter exchange")
async def exchange(api: Api, body: ExchangeIn) -> Declared:
    event = MeterEvent(
        kind=InstallationKind.EXCHANGE,
        enterprise=body.enterprise,
        point=body.point,
        at=body.at.astimezone(UTC),
        initial=body.initial,
        final=body.final,
        multiplier=body.multiplier,
        register_max=body.register_max,
        accuracy_class=body.accuracy_class,
    )
    return await _declare(api, event)


@router.post("/reset", status_code=status.HTTP_201_CREATED, summary="Declare a register reset")
async def reset(api: Api, body: ResetIn) -> Declared:
    event = MeterEvent(
        kind=InstallationKind.RESET,
        enterprise=body.enterprise,
        point=body.point,
        at=body.at.astimezone(UTC),
        initial=body.initial,
        final=body.final,
    )
    return await _declare(api, event)
