"""From topic and payload to the readings of one message.

Both JSON forms of the contract:

    {"seq": 17, "readings": [{"point": "bf1.power", "t": "2026-11-22T18:15:00+08:00", "value": 1.5, "quality": "good"}]}
    {"seq": 18, "t": 1795342500000, "values": {"bf1.power": 18250.0}}

Sparkplug B comes here as rows of the first form (`ingest.sparkplug`).

A sound message takes the fast path here: one typed decode, then whole columns. Anything else is taken apart reading
by reading in `ingest.salvage`, so that one bad reading never costs the others. The enterprise is the topic's, never
the payload's: a broker can hold a gateway to its topic, nobody can hold it to its payload.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from enms.readings import Quality
from ingest.refusals import Reason, Refusal
from ingest.sparkplug import MARK, Translated
from ingest.times import TimeCache, TimeError

type_of_topic = "energy/v1/{enterprise}/{gateway}/readings"
QUALITIES: dict[str | None, int] = {quality.name.lower(): int(quality) for quality in Quality} | {
    None: int(Quality.GOOD)
}


class Columns(msgspec.Struct, frozen=True, gc=False):
    """Readings as columns of one length: a list a field costs a tenth of an object a reading.

    Attributes:
        points: codes.
        times: microseconds since the epoch.
        values: finite.
        qualities: as `enms.readings.Quality`; None: all good.
        starts: of interval readings that carry one, microseconds; None: none does.
        places: where each is in its message; None: in order, as `form` says.
    """

    points: list[str]
    times: list[int]
    values: list[float]
    qualities: list[int] | None = None
    starts: list[int | None] | None = None
    places: list[str] | None = None
    form: Literal["readings", "values"] = "readings"

    def place(self, index: int) -> str:
        """Where in the message a reading is."""
        if self.places is not None:
            return self.places[index]
        return f"values.{self.points[index]}" if self.form == "values" else f"readings[{index}]"


NO_COLUMNS = Columns([], [], [])


class Message(msgspec.Struct, frozen=True, gc=False):
    """What one message says.

    Attributes:
        enterprise: code, from the topic; empty when the topic is not ours.
        gateway: from the topic.
        seq: the gateway's own count, None where it does not count.
        readings: those that are well formed.
        refusals: everything else.
        device: of a gateway whose devices name their points each by itself; empty elsewhere.
    """

    enterprise: str
    gateway: str
    seq: int | None
    readings: Columns
    refusals: tuple[Refusal, ...] = ()
    device: str = ""


class _Row(msgspec.Struct, gc=False):
    point: str
    t: str | int | float
    value: float
    quality: Literal["good", "suspect", "bad"] | None = None
    start: str | int | float | None = None


class _Envelope(msgspec.Struct, gc=False):
    seq: int | None = None
    readings: list[_Row] | UnsetType = UNSET
    t: str | int | float | UnsetType = UNSET
    values: dict[str, float] | UnsetType = UNSET


class Decoder:
    """Decodes messages; remembers the times it has seen.

    Args:
        max_payload_bytes: a larger payload is refused unread.
    """

    def __init__(self, max_payload_bytes: int) -> None:
        self._limit = max_payload_bytes
        self._decode = msgspec.json.Decoder(_Envelope).decode
        self._decode_sparkplug = msgspec.json.Decoder(Translated).decode
        self._times = TimeCache()

    def decode(self, topic: str, payload: bytes) -> Message:
        """Everything in the message, good and bad; never raises."""
        match topic.split("/"):
            case ["energy", "v1", enterprise, gateway, "readings"] if enterprise and gateway:
                pass
            case ["spBv1.0", enterprise, _, gateway, *device] if enterprise and gateway and len(device) < 2:
                return self._sparkplug(enterprise, gateway, device, payload)
            case _:
                refusal = Refusal(Reason.UNKNOWN_TOPIC, "", f"{topic[:200]!r} is not {type_of_topic}")
                return Message("", "", None, NO_COLUMNS, (refusal,))
        if len(payload) > self._limit:
            detail = f"{len(payload)} bytes, at most {self._limit} are read"
            return Message(enterprise, gateway, None, NO_COLUMNS, (Refusal(Reason.TOO_LARGE, "", detail),))
        try:
            envelope = self._decode(payload)
            columns = self._columns(envelope)
        except (msgspec.DecodeError, UnicodeDecodeError, TimeError, RecursionError, KeyError):
            from ingest.salvage import salvage  # noqa: PLC0415 - it builds on this module's types

            seq, columns, refusals = salvage(payload)
            return Message(enterprise, gateway, seq, columns, refusals)
        return Message(enterprise, gateway, envelope.seq, columns)

    def _sparkplug(self, enterprise: str, gateway: str, device: list[str], payload: bytes) -> Message:
        """What `ingest.sparkplug` made of a payload when it arrived; or the payload, where it could not be read."""
        if not payload.startswith(MARK):
            reason, detail = Reason.BROKEN_SPARKPLUG, f"{len(payload)} bytes that are no Sparkplug B payload"
            if len(payload) > self._limit:
                reason, detail = Reason.TOO_LARGE, f"{len(payload)} bytes, at most {self._limit} are read"
            return Message(enterprise, gateway, None, NO_COLUMNS, (Refusal(reason, "", detail),))
        translated = self._decode_sparkplug(payload)
        rows, refusals = [], [Refusal(Reason(r.reason), r.place, r.detail) for r in translated.refused]
        for row in translated.readings:
            try:
                rows.append((row, self._times[row.t]))
            except TimeError as problem:
                refusals.append(Refusal(problem.reason, row.point, str(problem)))
        columns = Columns(
            [row.point for row, _ in rows],
            [time for _, time in rows],
            [row.value for row, _ in rows],
            [QUALITIES[row.quality] for row, _ in rows],
            places=[row.point for row, _ in rows],
        )
        return Message(enterprise, gateway, None, columns, tuple(refusals), ".".join(device))

    def _columns(self, envelope: _Envelope) -> Columns:
        """Raises where anything is wrong with any reading."""
        values, rows = envelope.values, envelope.readings
        if values is not UNSET:
            if rows is not UNSET or envelope.t is UNSET:
                raise KeyError
            return Columns(list(values), [self._times[envelope.t]] * len(values), list(values.values()), form="values")
        if rows is UNSET:
            raise KeyError
        times = self._times
        starts: list[int | None] | None = None
        for row in rows:
            if row.start is not None:
                starts = [None if row.start is None else times[row.start] for row in rows]
                break
        qualities: list[int] | None = [QUALITIES[row.quality] for row in rows]
        if not any(qualities or ()):
            qualities = None
        return Columns(
            [row.point for row in rows], [times[row.t] for row in rows], [row.value for row in rows], qualities, starts
        )
