"""Live events for any number of browsers, at the price of one.

One listener a process hears the database's NOTIFYs; an enterprise is asked for at most twice a second, and only while
somebody watches it; what changed goes to every subscriber. A notice that comes after a quiet half second is served
at once: publish to visible is well under a second.

Full policy: a subscriber that does not keep up is never waited for. For each point only the newest value is kept for
it, for each enterprise only the newest event of a kind, and at most `MOST_ALERTS` alerts; when those overflow, the
oldest are dropped and a `resync` event says so. It cannot hold more than that. So does one when the listener is back
after a lost connection: the database does not repeat what it told meanwhile.

One enterprise whose values cannot be made, for whatever reason, is logged, told by `failing` and asked for again; the
others go on. Should the hub's own tasks end all the same, it begins anew.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import asyncpg
import structlog

from db.pool import PROBLEMS

_log = structlog.get_logger("enms.api.live")
READING, INTERVAL, ALERT, CONFIG = "enms_reading", "enms_interval", "enms_alert", "enms_config"
# Half the second that publish to screen may take.
CADENCE_S = 0.5
# Without any notice: one missed while the listener's connection was broken is made up for.
_FALLBACK_S = 5.0
MOST_ALERTS = 500
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.2, 10.0
_AGAIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event: its name and JSON text."""

    name: str
    data: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an enterprise looks like now, serialised once for everybody.

    Attributes:
        head: JSON members that lead its `latest` events (enterprise, instant), without braces.
        items: JSON of each point's newest value, by point.
        keys: what makes a point's value another one than before (its age alone does not).
        summary: the enterprise's sums as JSON.
    """

    head: str
    items: Mapping[str, str]
    keys: Mapping[str, object]
    summary: str

    def since(self, before: Snapshot | None) -> dict[str, str]:
        """The items that changed."""
        if before is None:
            return dict(self.items)
        return {point: item for point, item in self.items.items() if before.keys.get(point) != self.keys[point]}


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the hub gets what it sends; enterprises by their number."""

    plants: Callable[[], Awaitable[frozenset[int]]]
    snapshot: Callable[[int], Awaitable[Snapshot]]
    interval: Callable[[int], Awaitable[str]]
    alert: Callable[[int, int], Awaitable[str | None]]
    forget_configuration: Callable[[], None]
    forget_intervals: Callable[[int], None]


@dataclass(slots=True, eq=False)
class Subscriber:
    """What waits for one listener; bounded as the full policy says.

    Attributes:
        everything: it listens to all plants, those to come too, and hears of alerts of all owners, the district's too.
        missed: something was dropped, or told while nobody heard it.
    """

    enterprises: frozenset[int]
    everything: bool = False
    heads: dict[int, str] = field(default_factory=dict)
    items: dict[int, dict[str, str]] = field(default_factory=dict)
    events: dict[tuple[str, int], str] = field(default_factory=dict)
    alerts: dict[tuple[int, int], str] = field(default_factory=dict)
    missed: bool = False
    ended: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def put_snapshot(self, e: int, snapshot: Snapshot, changed: Mapping[str, str]) -> None:
        """Keep the newest value of each changed point."""
        self.heads[e] = snapshot.head
        self.items.setdefault(e, {}).update(changed)
        self.events["summary", e] = snapshot.summary
        self.wake.set()

    def put(self, name: str, e: int, data: str) -> None:
        """Keep the newest event of this kind."""
        self.events[name, e] = data
        self.wake.set()

    def put_alert(self, key: tuple[int, int], data: str) -> None:
        """Keep an alert's newest state, or drop the oldest alert and remember that."""
        self.alerts.pop(key, None)
        if len(self.alerts) >= MOST_ALERTS:
            del self.alerts[next(iter(self.alerts))]
            self.missed = True
        self.alerts[key] = data
        self.wake.set()

    def ask_again(self) -> None:
        """It may have missed something."""
        self.missed = True
        self.wake.set()

    def drain(self) -> list[Event]:
        """Everything that waits, and nothing waits any more."""
        self.wake.clear()
        out = [
            Event("latest", f'{{{self.heads[e]},"items":[{",".join(items.values())}]}}')
            for e, items in self.items.items()
            if items
        ]
        out += [Event(name, data) for (name, _), data in self.events.items()]
        out += [Event("alert", data) for data in self.alerts.values()]
        if self.missed:
            out.append(Event("resync", "{}"))
        self.items.clear()
        self.events.clear()
        self.alerts.clear()
        self.missed = False
        return out


class LiveHub:
    """The one poller of a process, and its subscribers."""

    def __init__(self, pool: asyncpg.Pool, sources: Sources) -> None:
        self._pool = pool
        self._sources = sources
        self._subscribers: set[Subscriber] = set()
        self._readings: set[int] = set()
        self._intervals: set[int] = set()
        self._alerts: dict[tuple[int, int], None] = {}
        self._asked_at: dict[int, float] = {}
        self._shown: dict[int, Snapshot] = {}
        self._wake = asyncio.Event()
        self._failing: set[int] = set()
        self._configured = False
        self._closed = False
        self.connected = False

    @property
    def subscribers(self) -> int:
        """How many listen now."""
        return len(self._subscribers)

    @property
    def failing(self) -> int:
        """Of how many watched enterprises the newest values could not be made when they were last asked for."""
        return len(self._failing & self._watched())

    @contextmanager
    def subscribe(self, enterprises: frozenset[int], *, everything: bool = False) -> Iterator[Subscriber]:
        """A place for one listener; it begins with everything as it is."""
        subscriber = Subscriber(enterprises, everything, ended=self._closed)
        self._subscribers.add(subscriber)
        self._begin(subscriber, enterprises)
        if everything:
            self._configured = True  # a plant may have come since they were asked for
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)
            for e in subscriber.enterprises - self._watched():
                self._shown.pop(e, None)

    def _begin(self, subscriber: Subscriber, enterprises: frozenset[int]) -> None:
        for e in enterprises:
            if (shown := self._shown.get(e)) is not None:
                subscriber.put_snapshot(e, shown, shown.items)
            self._readings.add(e)
        self._wake.set()

    async def stream(self, subscriber: Subscriber) -> AsyncIterator[Event]:
        """Its events, until the hub closes."""
        while not subscriber.ended:
            await subscriber.wake.wait()
            for event in subscriber.drain():
                yield event

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        for subscriber in self._subscribers:
            subscriber.ended = True
            subscriber.wake.set()

    async def run(self) -> None:
        """Listen and poll until cancelled; whatever ends either, both begin anew."""
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen())
                    group.create_task(self._poll())
            except* Exception as problems:  # noqa: BLE001 - nobody else would start it again
                _log.exception("live hub ended, beginning anew", exc_info=problems)
            self.connected = False
            await asyncio.sleep(random.uniform(0.5, 1.5) * _AGAIN_S)  # noqa: S311 - jitter

    def _watched(self) -> set[int]:
        return {e for subscriber in self._subscribers for e in subscriber.enterprises}

    async def _listen(self) -> None:
        delay = _FIRST_DELAY_S
        while True:
            try:
                await self._listen_once()
                delay = _FIRST_DELAY_S
            except PROBLEMS as problem:
                _log.warning("listening interrupted", reason=str(problem) or type(problem).__name__)
            self.connected = False
            await asyncio.sleep(random.uniform(0.5, 1.5) * delay)  # noqa: S311 - jitter
            delay = min(2 * delay, _LONGEST_DELAY_S)

    async def _listen_once(self) -> None:
        async with self._pool.acquire() as connection:
            gone = asyncio.Event()

            def lost(_: object) -> None:
                gone.set()

            connection.add_termination_listener(lost)
            for channel in (READING, INTERVAL, ALERT, CONFIG):
                await connection.add_listener(channel, self._heard)
            self.connected = True
            self._make_up()
            try:
                await gone.wait()
            finally:
                if not connection.is_closed():
                    connection.remove_termination_listener(lost)
                    with suppress(*PROBLEMS):
                        for channel in (READING, INTERVAL, ALERT, CONFIG):
                            await connection.remove_listener(channel, self._heard)

    def _make_up(self) -> None:
        """What was told while nobody listened is lost: everything may have changed, and every subscriber asks again."""
        self._sources.forget_configuration()
        self._configured = True
        self._readings |= self._watched()
        self._intervals |= self._watched()
        for subscriber in self._subscribers:
            subscriber.ask_again()
        self._wake.set()

    def _heard(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        text = str(payload)
        try:
            if channel == READING:
                self._readings.update(int(e) for e in text.split(","))
            elif channel == INTERVAL:
                published = [int(e) for e in text.split(",")]
                self._intervals.update(published)
                for e in published:
                    self._sources.forget_intervals(e)
            elif channel == ALERT:
                of, number = text.split(":")
                self._alerts[int(of), int(number)] = None
            else:
                self._sources.forget_configuration()
                self._configured = True
                self._readings |= self._watched()
        except ValueError:
            _log.warning("a notice nobody understands", channel=channel, payload=text[:100])
        self._wake.set()

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        swept = loop.time()
        while True:
            self._wake.clear()  # before anything is looked at: what is heard from here on wakes again
            await self._follow_plants()
            watched = self._watched()
            self._readings &= watched
            self._intervals &= watched
            now = loop.time()
            if now - swept >= _FALLBACK_S:
                self._readings |= watched
                swept = now
            wait = _FALLBACK_S
            for e in self._readings | self._intervals:
                due_in = self._asked_at.get(e, now - CADENCE_S) + CADENCE_S - now
                if due_in > 0:
                    wait = min(wait, due_in)
                else:
                    self._asked_at[e] = now
                    if await self._refresh(e):
                        self._failing.discard(e)
                    else:
                        self._failing.add(e)
            await self._tell_alerts()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait)

    async def _follow_plants(self) -> None:
        """Whoever listens to everything listens to a new plant, too, without connecting again."""
        if not self._configured:
            return
        self._configured = False
        listening = [one for one in self._subscribers if one.everything]
        if not listening:
            return
        try:
            plants = await self._sources.plants()
        except PROBLEMS as problem:
            self._configured = True
            _log.warning("plants not available", reason=str(problem) or type(problem).__name__)
            return
        for subscriber in listening:
            added, subscriber.enterprises = plants - subscriber.enterprises, plants
            self._begin(subscriber, added)

    async def _refresh(self, e: int) -> bool:
        """Send what is new of an enterprise; whether it could be made."""
        values, intervals = e in self._readings, e in self._intervals
        self._readings.discard(e)
        self._intervals.discard(e)  # before it is asked for: what is heard meanwhile is of later
        try:
            if intervals:
                data = await self._sources.interval(e)
                for subscriber in self._listening(e):
                    subscriber.put("interval", e, data)
                intervals = False
            if values:
                snapshot = await self._sources.snapshot(e)
                changed = snapshot.since(self._shown.get(e))
                self._shown[e] = snapshot
                for subscriber in self._listening(e):
                    subscriber.put_snapshot(e, snapshot, changed)
        except PROBLEMS as problem:
            _log.warning("live values not available", e=e, reason=str(problem) or type(problem).__name__)
        except Exception:  # noqa: BLE001 - one plant must not take the others with it
            _log.exception("live values could not be made", e=e)
        else:
            return True
        if intervals:
            self._intervals.add(e)  # values are asked for again anyway
        return False

    async def _tell_alerts(self) -> None:
        while self._alerts:
            e, number = key = next(iter(self._alerts))
            del self._alerts[key]
            listening = [one for one in self._subscribers if one.everything or e in one.enterprises]
            if not listening:
                continue
            try:
                data = await self._sources.alert(e, number)
            except PROBLEMS as problem:
                self._alerts[key] = None  # told at the next turn, as it is then
                _log.warning("alert not available", e=e, alert=number, reason=str(problem) or type(problem).__name__)
                return
            except Exception:  # noqa: BLE001 - one alert must not take the others with it
                _log.exception("an alert could not be told", e=e, alert=number)
                for subscriber in listening:
                    subscriber.ask_again()  # what they show of it is old
                continue
            if data is not None:
                for subscriber in listening:
                    subscriber.put_alert(key, data)

    def _listening(self, e: int) -> list[Subscriber]:
        return [subscriber for subscriber in self._subscribers if e in subscriber.enterprises]
