"""Structured logs on stderr: lines for people, or JSON for machines (ENMS_LOG_FORMAT)."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from enms.settings import Settings

# Not structlog's own choice, which prints local variables: a password may be among them.
_TRACEBACK = structlog.dev.plain_traceback
_CHATTY = ("gmqtt", "httpx", "httpcore", "aiosql", "uvicorn", "mqtt")


def set_up(settings: Settings, role: str | None = None) -> None:
    """Send structlog and the standard library's logging the same way.

    Args:
        settings: format, level and time zone.
        role: named in every line.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _stamped(settings.zone if settings.log_format == "console" else None),
        _named(role),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    render: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if settings.log_format == "json":
        render += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        render += [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0, exception_formatter=_TRACEBACK)
        ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=render))
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("asyncpg").addFilter(_briefly)
    logging.getLogger("aiomqtt").setLevel(logging.ERROR)  # warns of more than ten publishes on their way


def _briefly(record: logging.LogRecord) -> bool:
    """A pool that cannot reach the database says so again and again: one line each, the reason in it."""
    if record.exc_info and record.exc_info[1] is not None:
        record.msg, record.args = f"{record.getMessage()}: {record.exc_info[1]}".splitlines()[0], ()
        record.exc_info = None
    return True


def to_stderr() -> None:
    """Until a role sets up its own: what libraries say must not mix with what a command prints."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, exception_formatter=_TRACEBACK),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _stamped(zone: ZoneInfo | None) -> structlog.typing.Processor:
    def stamp(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        now = datetime.now(UTC)
        if zone is not None:
            event["timestamp"] = now.astimezone(zone).strftime("%H:%M:%S")
        else:
            event["timestamp"] = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return event

    return stamp


def _named(role: str | None) -> structlog.typing.Processor:
    def name(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if role is not None:
            event.setdefault("role", role)
        return event

    return name
