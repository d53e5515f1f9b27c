"""`enms housekeeping`: once a day, old readings are compressed, those past their retention go, reports are made."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from cli import health, role
from db.pool import PROBLEMS
from db.storage import Retained, compress_readings, delete_messages, delete_quarantine, retain_readings
from enms.settings import Settings

log = structlog.get_logger()

_LONGEST_PAUSE_S = 600.0
"""The clock of a machine may be set; what time it is, is looked up at least this often."""
_REPORTS_PAUSE_S = 900.0
_REPORTS_SOON_S = 30.0
"""After the start and while the ledger has yet to take something in; then twice as long every time."""
RUNS = Counter("enms_housekeeping_runs", "Runs that went well", ["task"])
FAILURES = Counter("enms_housekeeping_failures", "Runs that failed; they are repeated", ["task"])
DONE_AT = Gauge("enms_housekeeping_done_timestamp_seconds", "When a run last went well, Unix time", ["task"])
WAITING_SPANS = Gauge(
    "enms_housekeeping_waiting_spans", "Spans that retention leaves until the ledger has taken them in"
)
for _task in ("storage", "reports"):  # a count that is there from the beginning has an increase to show
    RUNS.labels(_task)
    FAILURES.labels(_task)


def command() -> None:
    """Every day: compress old readings, give up those past their retention, make the reports of days that are over."""
    role.run("housekeeping", work)


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """The role. More than one may run: the second finds nothing to do."""
    # A week of many points takes minutes to compress.
    pool = await role.open_pool(settings, stop, name="housekeeping", size=2, command_timeout_s=None)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_tidy_daily(pool, settings, stop))
            tasks.create_task(_report(pool, settings, stop))
    finally:
        pool.terminate()


async def _tidy_daily(pool: asyncpg.Pool, settings: Settings, stop: asyncio.Event) -> None:
    due = next_turn(datetime.now(UTC), settings)
    while not stop.is_set():
        now = datetime.now(UTC)
        if now < due:
            await role.pause(min((due - now).total_seconds(), _LONGEST_PAUSE_S), stop)
            continue
        try:
            async with pool.acquire() as connection:
                await tidy(connection, settings, now)
        except PROBLEMS as problem:
            FAILURES.labels("storage").inc()
            health.report("housekeeping", ok=False, detail=str(problem) or type(problem).__name__)
            log.exception("housekeeping failed, tried again in ten minutes")
            await role.pause(_LONGEST_PAUSE_S, stop)
        else:
            _went_well("storage")
            due = next_turn(now, settings)


async def _report(pool: asyncpg.Pool, settings: Settings, stop: asyncio.Event) -> None:
    """Reports that are due, looked for every quarter hour, and more often after the start."""
    # what starts beside it comes first: no report is due in the first seconds
    await role.pause(_REPORTS_SOON_S, stop)
    if stop.is_set():
        return
    from cli.reporting import make_due  # documents bring in much that the rest does not need

    pause_s = _REPORTS_SOON_S
    while not stop.is_set():
        try:
            async with pool.acquire() as connection:
                made = await make_due(connection, settings, datetime.now(UTC))
        except PROBLEMS as problem:
            FAILURES.labels("reports").inc()
            health.report("reports", ok=False, detail=str(problem) or type(problem).__name__)
            log.exception("reports failed, tried again later")
        else:
            _went_well("reports")
            waiting = sum(one.waits for one in made)
            health.report("reports", ok=True, detail=f"{len(made) - waiting} made, {waiting} wait for the ledger")
            if made:
                pause_s = _REPORTS_SOON_S
        await role.pause(pause_s, stop)
        pause_s = min(2 * pause_s, _REPORTS_PAUSE_S)


async def tidy(connection: asyncpg.Connection, settings: Settings, now: datetime) -> Retained:
    """One day's housekeeping; each step can be stopped and goes on the next time."""
    begun = time.monotonic()
    done = Retained(None)
    if settings.retention_days:
        done = await retain_readings(connection, now - timedelta(days=settings.retention_days))
    compressed = await compress_readings(connection, now - timedelta(days=settings.compress_after_days))
    refused = await delete_quarantine(connection, now - timedelta(days=settings.quarantine_days))
    told = await delete_messages(connection, now - timedelta(days=settings.outbox_days))
    log.info(
        "storage is tidy",
        compressed_chunks=len(compressed),
        saved_mb=round(sum(c.before - c.after for c in compressed) / 1e6, 1),
        readings_from=done.cutoff.isoformat() if done.cutoff is not None else None,
        dropped_chunks=len(done.chunks),
        deleted_readings=done.readings,
        deleted_refusals=refused,
        deleted_messages=told,
        seconds=round(time.monotonic() - begun, 1),
    )
    WAITING_SPANS.set(done.waiting)
    if done.waiting:
        log.warning("retention waits for the ledger", spans=done.waiting)
    health.report("housekeeping", ok=not done.waiting, detail=f"done at {now.isoformat(timespec='seconds')}")
    return done


def _went_well(task: str) -> None:
    RUNS.labels(task).inc()
    DONE_AT.labels(task).set_to_current_time()


def next_turn(now: datetime, settings: Settings) -> datetime:
    """The next instant after `now` at which it is the chosen hour, aware UTC."""
    local = now.astimezone(settings.zone)
    turn = local.replace(hour=settings.housekeeping_hour, minute=0, second=0, microsecond=0)
    if turn <= local:
        turn += timedelta(days=1)
    return turn.astimezone(UTC)
