"""Sparkplug B 3.0 in: what nodes and devices say, made self-contained before anything else happens to it.

A DATA message means little without the births before it (aliases, data types), and messages may wait in the spool, or
be decoded twice. So a message is translated when it arrives, in the order of arrival, into the same JSON rows that
gateways send on energy/v1 (`Translated`); what follows is the one way of all readings. What cannot be read at all goes
on as it came, and ends in the quarantine.

    spBv1.0/{enterprise}/{NBIRTH|NDATA|NDEATH|DBIRTH|DDATA|DDEATH}/{gateway}[/{device}]
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ingest import metrics
from ingest.refusals import Reason
from ingest.sparkplug_kept import Kept, KeptDead, KeptNode
from ingest.sparkplug_payload import BrokenPayloadError, NotANumberError, as_sent, decode, number, quality
from ingest.sparkplug_sequence import NodeSequence

ROOT = "spBv1.0/"
TOPICS = "spBv1.0/#"
_KINDS = ("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH")
# Said about the node or the device, not measured by it.
_HOUSEKEEPING = ("bdSeq", "Node Control/", "Device Control/", "Node Info/", "Device Info/", "Properties/")
# Full-policy: a stranger who invents nodes makes us forget the oldest, which is then asked for its birth again.
_MOST_NODES = 10_000
_FIRST_REQUEST_US, _LAST_REQUEST_US = 5_000_000, 300_000_000
# Asked three times, over 15 s: a node that can hear would have answered.
_IN_VAIN_US = 4 * _FIRST_REQUEST_US
# Beyond so many requests within an hour a node is asked over and over; one that never answers is asked 17 times in its
# first, and every connection to the broker that was lost is one for every node.
_OFTEN, _HOUR_US = 20, 3_600_000_000
# A node that neither spoke nor answered for a day is as dead as one that said so; a dead one is told of for a week.
_SILENT_US = 86_400_000_000
_TOLD_US = 7 * _SILENT_US

Node = tuple[str, str]
"""Enterprise and gateway."""


class Row(msgspec.Struct, omit_defaults=True):
    """A reading, as in `energy/v1` messages. `t` in epoch milliseconds."""

    point: str
    t: int
    value: float
    quality: str | None = None


class Refused(msgspec.Struct, omit_defaults=True):
    """A metric that is no reading: reason, the metric's name or alias, a sentence.

    Attributes:
        t: its time, epoch milliseconds.
        value: what was sent, for whoever finds out what it means.
    """

    reason: str
    place: str
    detail: str
    t: int | None = None
    value: float | str | None = None


class Translated(msgspec.Struct):
    """What stands in for a Sparkplug payload from its arrival on."""

    sparkplug: int
    readings: list[Row]
    refused: list[Refused]


MARK = b'{"sparkplug":1,'


@dataclass(slots=True)
class _Known:
    """A metric as its birth announced it."""

    name: str
    datatype: int | None


@dataclass(slots=True)
class _Session:
    """A node from its birth on. Devices by name; the node's own metrics are those of device "".

    Attributes:
        proven: nothing of it was missed since its birth. After a clean restart that is so once its count goes on where
            it stood; else what an alias means has to be asked for again.
    """

    sequence: NodeSequence
    bd_seq: int | None
    aliases: dict[int, _Known] = field(default_factory=dict)
    types: dict[str, dict[str, int | None]] = field(default_factory=dict)
    proven: bool = True


@dataclass(slots=True)
class _Request:
    """When births were asked for last, and how long to wait before asking again, microseconds."""

    at: int
    wait: int


@dataclass(frozen=True, slots=True)
class NodeGap:
    """Messages of a node did not come.

    Attributes:
        numbers: in its count of 0 to 255.
        at: when that was certain, microseconds since 1970.
    """

    node: Node
    numbers: tuple[int, ...]
    at: int

    def __str__(self) -> str:
        told = ", ".join(str(number) for number in self.numbers)
        return f"node {self.node[1]}: {len(self.numbers)} message(s) missing, seq {told}; its births were asked for"


class Sparkplug:
    """Follows every node.

    Args:
        max_payload_bytes: a larger payload is not read.

    Attributes:
        changed: somebody is known or dead who was not when `known` was asked, or the other way round.
    """

    def __init__(self, max_payload_bytes: int) -> None:
        self._limit = max_payload_bytes
        self._sessions: dict[Node, _Session] = {}
        self._wanted: dict[Node, int | None] = {}  # when each was heard last, microseconds since 1970; None: not yet
        self._requests: dict[Node, _Request] = {}
        self._lately: dict[Node, deque[int]] = {}  # when each was asked, the last times
        self._dead: dict[Node, int] = {}
        self._died_now: list[Node] = []
        self.changed = False
        self._gaps: list[NodeGap] = []
        self._encode = msgspec.json.Encoder().encode

    @property
    def online(self) -> int:
        """Nodes that were born and have not died."""
        return len(self._sessions)

    @property
    def dead(self) -> int:
        """Nodes that died within the last week, and did not speak since."""
        return len(self._dead)

    @property
    def unanswering(self) -> int:
        """Nodes that speak, but were asked for their births in vain."""
        asked = (self._requests.get(node) for node in self._wanted)
        return sum(request is not None and request.wait >= _IN_VAIN_US for request in asked)

    def asked_often(self, now: int) -> Counter[str]:
        """How many nodes of each enterprise were asked for their births over and over within the last hour."""
        self._lately = {node: times for node, times in self._lately.items() if now - times[-1] < _HOUR_US}
        often = (node for node, times in self._lately.items() if len(times) > _OFTEN and now - times[0] < _HOUR_US)
        return Counter(enterprise for enterprise, _ in often)

    def gaps(self) -> list[NodeGap]:
        """Gaps that `rebirths` found; each is told once."""
        told, self._gaps = self._gaps, []
        return told

    def died(self) -> list[Node]:
        """Nodes that died; each is told once."""
        told, self._died_now = self._died_now, []
        return told

    def forget(self) -> None:
        """Messages may be lost, births and deaths among them: an alias may mean something else by now.

        A count that fits proves nothing then: it goes round at 256, and begins again with each birth.
        """
        for node in self._sessions:
            self._wanted.setdefault(node, None)
        self._sessions.clear()

    def known(self) -> tuple[list[Node], list[KeptDead]]:
        """Who is born or wanted, and who is dead: from now on not `changed`."""
        self.changed = False
        return list(self._sessions | self._wanted), [KeptDead(*node, at) for node, at in self._dead.items()]

    def left(self) -> list[KeptNode]:
        """What the next process has to know of nodes to go on where this one ends, if it ends with everything heard."""
        return [
            KeptNode(
                *node, session.sequence.expected, session.bd_seq,
                {alias: (known.name, known.datatype) for alias, known in session.aliases.items()}, session.types,
            )
            for node, session in self._sessions.items()
        ]  # fmt: skip

    def restore(self, kept: Kept) -> None:
        """Go on after a restart: births of a clean end hold once a node's count goes on where it stood."""
        for node in kept.known[-_MOST_NODES:]:
            self._wanted[node] = None
        for one in kept.left[-_MOST_NODES:]:
            aliases = {alias: _Known(*known) for alias, known in one.aliases.items()}
            session = _Session(NodeSequence(one.expected), one.bd_seq, aliases, one.types, proven=False)
            self._sessions[one.enterprise, one.gateway] = session
            self._wanted[one.enterprise, one.gateway] = None
        for gone in kept.dead[-_MOST_NODES:]:
            self._dead[gone.enterprise, gone.gateway] = gone.at
            self._died_now.append((gone.enterprise, gone.gateway))

    def pass_over(self, topic: str) -> None:
        """A message on that topic came and is not read: it may have been a birth."""
        match topic.split("/"):
            case [_, enterprise, kind, gateway, *_] if kind in _KINDS:
                node = (enterprise, gateway)
                if self._sessions.pop(node, None) is not None:
                    self._wanted.setdefault(node, None)

    def take(self, topic: str, payload: bytes, at: int) -> bytes | None:
        """What goes on in place of the payload; None: nothing to store. Never raises.

        Args:
            at: now, microseconds since 1970.
        """
        match topic.split("/"):
            case [_, enterprise, kind, gateway, *device] if kind in _KINDS and self._has_device(kind, device):
                pass
            case [_, "STATE", *_] | [_, _, "NCMD" | "DCMD", *_]:
                return None
            case _:
                return payload
        metrics.SPARKPLUG_MESSAGES.labels(kind).inc()
        if len(payload) > self._limit:
            return payload
        try:
            read = decode(payload)
        except BrokenPayloadError:
            return payload
        node = (enterprise, gateway)
        translated = self._follow(node, kind, "/".join(device), read, at)
        if not translated.readings and not translated.refused:
            return None
        return self._encode(translated)

    def rebirths(self, now: int) -> Iterator[Node]:
        """Whose births are wanted now: each node again only after a while, and longer each time."""
        for node, session in self._sessions.items():
            if session.sequence.missing and (lost := session.sequence.lost(now)):
                metrics.SPARKPLUG_GAPS.labels(node[0]).inc()
                self._gaps.append(NodeGap(node, tuple(lost), now))
                self._wanted[node] = now
        self._dead = {node: at for node, at in self._dead.items() if now - at < _TOLD_US}
        for node, heard in list(self._wanted.items()):
            if heard is None:
                self._wanted[node] = now
            elif now - heard >= _SILENT_US:
                self._bury(node, heard)
                continue
            last = self._requests.get(node)
            if last is not None and now - last.at < last.wait:
                continue
            wait = _FIRST_REQUEST_US if last is None else min(2 * last.wait, _LAST_REQUEST_US)
            self._requests[node] = _Request(now, wait)
            self._lately.setdefault(node, deque(maxlen=_OFTEN + 1)).append(now)
            metrics.SPARKPLUG_REBIRTHS.labels(node[0]).inc()
            yield node

    @staticmethod
    def _has_device(kind: str, device: list[str]) -> bool:
        return len(device) == (kind[0] == "D")

    def _follow(self, node: Node, kind: str, device: str, payload: Any, at: int) -> Translated:
        if kind == "NDEATH":
            session = self._sessions.get(node)
            if session is None or not _earlier(_bd_seq(payload), session.bd_seq):
                self._bury(node, at)
            return Translated(1, [], [])
        session = self._session(node, kind, payload, at)
        if kind == "DDEATH":
            if session is not None:
                session.types.pop(device, None)
            return Translated(1, [], [])
        birth = kind.endswith("BIRTH")
        if birth and session is not None:
            self._announce(session, device, payload)
        elif session is not None and device not in session.types:
            self._want(node, at)
        return self._rows(node, session, device, payload, at, birth=birth)

    def _session(self, node: Node, kind: str, payload: Any, at: int) -> _Session | None:
        """The node's session with this message in it; None: its births are not known, and wanted."""
        if self._dead.pop(node, None) is not None:
            self.changed = True
        if kind == "NBIRTH":
            return self._born(node, payload)
        session = self._sessions.get(node)
        if node in self._wanted:
            self._wanted[node] = at
        if session is not None and not session.proven:
            session = self._prove(node, session, payload)
        if session is None:
            self._want(node, at)
        elif payload.HasField("seq"):
            session.sequence.observe(payload.seq, at)
        return session

    def _prove(self, node: Node, session: _Session, payload: Any) -> _Session | None:
        """Whether a node's first message after a restart is the one that had to come next."""
        if payload.HasField("seq") and payload.seq == session.sequence.expected:
            session.proven = True
            self._wanted.pop(node, None)
            return session
        del self._sessions[node]
        return None

    def _born(self, node: Node, payload: Any) -> _Session:
        if node not in self._sessions and node not in self._wanted:
            self.changed = True
        self._wanted.pop(node, None)
        self._requests.pop(node, None)
        self._sessions.pop(node, None)
        while len(self._sessions) >= _MOST_NODES:
            del self._sessions[next(iter(self._sessions))]
        session = self._sessions[node] = _Session(NodeSequence((payload.seq + 1) % 256), _bd_seq(payload))
        return session

    def _bury(self, node: Node, at: int) -> None:
        self.changed = True
        self._wanted.pop(node, None)
        self._requests.pop(node, None)
        self._sessions.pop(node, None)
        if node not in self._dead and len(self._dead) < _MOST_NODES:
            self._dead[node] = at
            self._died_now.append(node)

    def _want(self, node: Node, at: int) -> None:
        if node in self._wanted or len(self._wanted) < _MOST_NODES:
            if node not in self._wanted and node not in self._sessions:
                self.changed = True
            self._wanted[node] = at

    @staticmethod
    def _announce(session: _Session, device: str, payload: Any) -> None:
        types = session.types[device] = {}
        for metric in payload.metrics:
            datatype = metric.datatype if metric.HasField("datatype") else None
            types[metric.name] = datatype
            if metric.HasField("alias"):
                session.aliases[metric.alias] = _Known(metric.name, datatype)

    def _rows(
        self, node: Node, session: _Session | None, device: str, payload: Any, at: int, *, birth: bool
    ) -> Translated:
        translated = Translated(1, [], [])
        for metric in payload.metrics:
            known = _known(metric, session, device)
            if known is None:
                self._want(node, at)
                detail = f"no birth that is known to hold has announced alias {metric.alias}"
                translated.refused.append(
                    _refused(Reason.UNKNOWN_ALIAS, f"alias {metric.alias}", detail, metric, payload)
                )
            elif metric.is_null or metric.is_transient or known.name.startswith(_HOUSEKEEPING):
                metrics.SPARKPLUG_PASSED_OVER.inc()
            else:
                _translate(metric, known, payload, translated, birth=birth)
        return translated


def _known(metric: Any, session: _Session | None, device: str) -> _Known | None:
    """The metric's name and type; None: an alias nobody has announced."""
    said = metric.datatype if metric.HasField("datatype") and metric.datatype else None
    if metric.name:
        announced = session.types.get(device, {}).get(metric.name) if session is not None else None
        return _Known(metric.name, said or announced)
    known = session.aliases.get(metric.alias) if session is not None else None
    return _Known(known.name, said or known.datatype) if known is not None else None


def _refused(reason: Reason, place: str, detail: str, metric: Any, payload: Any) -> Refused:
    value = None if metric.is_null else as_sent(metric)
    return Refused(reason, place, detail, metric.timestamp or payload.timestamp or None, value)


def _translate(metric: Any, known: _Known, payload: Any, into: Translated, *, birth: bool) -> None:
    try:
        value = number(metric, known.datatype)
    except NotANumberError as problem:
        if birth:  # texts describe; only where a reading is expected they are a mistake
            metrics.SPARKPLUG_PASSED_OVER.inc()
        else:
            detail = f"a number is expected, not {problem}"
            into.refused.append(_refused(Reason.WRONG_TYPE, known.name, detail, metric, payload))
        return
    if not math.isfinite(value):
        detail = f"{value} is not a number a meter can show"
        into.refused.append(_refused(Reason.NOT_FINITE, known.name, detail, metric, payload))
        return
    at = metric.timestamp or payload.timestamp
    if not at:
        detail = "neither the metric nor the payload has a time"
        into.refused.append(_refused(Reason.MISSING_TIME, known.name, detail, metric, payload))
        return
    into.readings.append(Row(known.name.replace("/", "."), at, value, quality(metric)))


def _earlier(death: int | None, birth: int | None) -> bool:
    """Whether a death is the will of a connection before the one of the birth, come late.

    A death of a later connection tells that we missed its birth: what we know of the node is as void.
    """
    return death is not None and birth is not None and 0 < (birth - death) % 256 < 128


def _bd_seq(payload: Any) -> int | None:
    for metric in payload.metrics:
        if metric.name == "bdSeq":
            return int(metric.long_value or metric.int_value)
    return None
