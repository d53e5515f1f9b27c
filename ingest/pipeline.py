"""Decode, judge, gather: messages into what one transaction writes. The same for live data, backfill and history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
import structlog

from enms.readings import Origin
from ingest.arrivals import Arrival
from ingest.batch import Gathered, Gatherer
from ingest.messages import NO_COLUMNS, Columns, Decoder, Message
from ingest.quarantine import UNKNOWN_ENTERPRISE, Quarantine
from ingest.refusals import Reason, Refusal
from ingest.registry import Registry, Site
from ingest.validation import judge

log = structlog.get_logger()

# Of one batch, so that a flood of large refused messages cannot fill the memory.
_MOST_BYTES = 16 * 1024 * 1024
_MESSAGES_AT_ONCE = 500
# Messages wait meanwhile.
_LOOK_FOR_S = 0.3
_LOOK_LONGER_FOR_S = 5.0
_UNKNOWN = (Reason.UNKNOWN_ENTERPRISE, Reason.UNKNOWN_POINT)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A gateway's count as seen in one message."""

    e: int
    enterprise: str
    gateway: str
    seq: int
    received_at: int


@dataclass(slots=True)
class Prepared:
    """What one transaction writes, and the messages it came from.

    Attributes:
        gathered: accepted readings; `source` counts in `arrivals`.
        enterprises: number of each arrival's enterprise, 0 where it is unknown.
    """

    arrivals: list[Arrival]
    gathered: Gathered
    quarantine: Quarantine
    enterprises: list[int]
    sequences: list[Sequence]

    @property
    def readings(self) -> int:
        """How many were accepted."""
        return len(self.gathered.readings)


class Pipeline:
    """Prepares batches.

    Args:
        decoder: of payloads.
        registry: of points.
        most_readings: a batch ends with the message that reaches this.
    """

    def __init__(self, decoder: Decoder, registry: Registry, most_readings: int) -> None:
        self._decoder = decoder
        self._registry = registry
        self._most_readings = most_readings

    async def prepare(self, arrivals: Iterator[Arrival], origin: Origin = Origin.METER) -> Prepared:
        """Take messages until a batch is full; what is left stays in the iterator.

        Raises:
            OSError, asyncpg.PostgresError, asyncpg.InterfaceError: the registry was never read and cannot be. Nothing
                was taken.
        """
        if not self._registry.known:
            await self._registry.renew()
        elif self._registry.wants_renewal:
            await self._renewed()
        prepared = await self._prepare(arrivals, origin)
        doubtful = any(prepared.quarantine.reasons[reason] for reason in _UNKNOWN)
        if doubtful and await self._doubted():
            prepared = await self._prepare(prepared.arrivals, origin)
        return prepared

    def number_of(self, enterprise: str) -> int:
        """The number of the enterprise with that code, as far as the registry was read."""
        site = self._registry.site(enterprise)
        return UNKNOWN_ENTERPRISE if site is None else site.e

    async def _doubted(self) -> bool:
        """Read the registry again because of something unknown; True if that was done."""
        if self._registry.wants_renewal:  # somebody changed a plant: what is unknown may well exist by now
            return await self._renewed(_LOOK_LONGER_FOR_S)
        return self._registry.may_doubt and await self._renewed()

    async def _renewed(self, within_s: float = _LOOK_FOR_S) -> bool:
        """Read the registry again, if that is possible in time."""
        try:
            async with asyncio.timeout(within_s):
                await self._registry.renew()
        except Exception as problem:  # noqa: BLE001 - the writer will meet the same problem and knows what to do
            log.warning("cannot look for new points", reason=str(problem) or type(problem).__name__)
            return False
        return True

    async def _prepare(self, arrivals: Iterable[Arrival], origin: Origin) -> Prepared:
        gatherer, quarantine = Gatherer(), Quarantine()
        taken: list[Arrival] = []
        enterprises: list[int] = []
        sequences: list[Sequence] = []
        octets = 0
        for number, arrival in enumerate(arrivals):
            message = self._decode(arrival)
            site = self._registry.site(message.enterprise)
            e = UNKNOWN_ENTERPRISE if site is None else site.e
            refusals = list(message.refusals)
            if site is not None:
                received_at = arrival.received_at
                readings = _named(message, site)
                judged = judge(readings, site, source=number, origin=origin, received_at=received_at, into=gatherer)
                refusals += [refusal for _, refusal in judged]
            elif message.enterprise:
                detail = f"no enterprise has the code {message.enterprise[:200]!r}"
                refusals.append(Refusal(Reason.UNKNOWN_ENTERPRISE, "", detail))
            if refusals:
                quarantine.add(e, arrival, refusals)
            if message.seq is not None:
                sequences.append(Sequence(e, message.enterprise, message.gateway, message.seq, arrival.received_at))
            taken.append(arrival)
            enterprises.append(e)
            octets += len(arrival.payload)
            if len(gatherer) >= self._most_readings or octets >= _MOST_BYTES:
                break
            if number % _MESSAGES_AT_ONCE == _MESSAGES_AT_ONCE - 1:
                await asyncio.sleep(0)  # the socket is read by the same loop
        return Prepared(taken, gatherer.gathered(), quarantine, enterprises, sequences)

    def _decode(self, arrival: Arrival) -> Message:
        try:
            return self._decoder.decode(arrival.topic, arrival.payload)
        except Exception:  # a mistake of ours must cost one message, not the service
            log.exception("cannot decode a message", topic=arrival.topic, octets=len(arrival.payload))
            refusal = Refusal(Reason.REJECTED, "", "cannot be decoded: a fault of the platform, see its log")
            return Message("", "", None, NO_COLUMNS, (refusal,))


def _named(message: Message, site: Site) -> Columns:
    """The readings by the codes of points: what a device calls its own is DEVICE.NAME where NAME alone is no point."""
    columns = message.readings
    if not message.device:
        return columns
    plain, special, device = site.plain, site.special, message.device
    points = [code if code in plain or code in special else f"{device}.{code}" for code in columns.points]
    return msgspec.structs.replace(columns, points=points, places=points)
