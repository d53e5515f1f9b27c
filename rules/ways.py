"""How a message gets to people: by Apprise, or by a webhook of our own.

Apprise speaks to mail servers, WeCom, DingTalk, Feishu and a hundred others; it runs in a thread of its own, and what
it says of a failure is kept. Its generic webhooks (json, xml, form) are not used: see `rules.webhook`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType
from apprise.logger import logger as apprise_logger

from rules.notifier import NotSentError
from rules.webhook import Webhook, refuse_private

KEY_HEADER = "Idempotency-Key"
_MAIL = {"mailto", "mailtos"}
_GENERIC = {"json", "jsons", "xml", "xmls", "form", "forms", "apprise", "apprises"}
_WEBHOOKS = {"webhook", "webhooks"}
_LOCAL = {"dbus", "qt", "glib", "gnome", "kde", "macosx", "windows", "syslog", "file", "exec"}
_MILDEST = {"raised": NotifyType.WARNING, "escalated": NotifyType.FAILURE, "resolved": NotifyType.SUCCESS}

# What it says may hold secrets; of a failure we keep what is meant for people.
apprise_logger.propagate = False
apprise_logger.addHandler(logging.NullHandler())


class WayError(Exception):
    """An address that cannot be used."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message.

    Attributes:
        key: the same at every attempt; receivers may drop what they have had.
        event: raised, resolved, period_over, withdrawn, escalated, late, digest, test.
        alerts: what it is about, for machines.
    """

    key: str
    event: str
    title: str
    body: str
    link: str = ""
    alerts: tuple[dict[str, Any], ...] = ()


class Way(Protocol):
    """Where a channel leads."""

    @property
    def shown(self) -> str:
        """The address without secrets."""

    async def send(self, letter: Letter) -> None:
        """Deliver one; return when the receiver has taken it.

        Raises:
            NotSentError: it has not, and why.
        """


def way_to(url: str, *, allow_private: bool = False) -> Way:
    """The way to an address.

    Args:
        url: an Apprise URL, or webhook://, webhooks:// for a webhook of ours.
        allow_private: let it lead to a private or link-local address.

    Raises:
        WayError: it cannot be used, and why; no secret is in the text.
    """
    scheme = url.partition("://")[0].lower()
    if scheme in _WEBHOOKS:
        try:
            return Webhook.of(url, allow_private=allow_private)
        except ValueError as problem:
            raise WayError(str(problem)) from None
    if scheme in _GENERIC | {"http", "https"}:
        raise WayError("a webhook is written webhooks://host/path (or webhook:// without TLS)")
    if scheme in _LOCAL:
        raise WayError(f"{scheme}:// speaks to this machine only")
    plugin = Apprise.instantiate(
        url, asset=AppriseAsset(http_redirects=False, async_mode=False), suppress_exceptions=True
    )
    if plugin is None:
        raise WayError(f"not an Apprise URL that can be used ({scheme}://…)")
    return AppriseWay(plugin, scheme, allow_private)


class AppriseWay:
    """One Apprise service."""

    def __init__(self, plugin: Any, scheme: str, allow_private: bool) -> None:
        self._plugin = plugin
        self._scheme = scheme
        self._allow_private = allow_private
        self._one_at_a_time = threading.Lock()

    @property
    def shown(self) -> str:
        parts = urlsplit(str(self._plugin.url(privacy=True)))
        shown = f"{self._plugin.service_name}: {parts.scheme}://{parts.netloc}{parts.path}"
        targets = getattr(self._plugin, "targets", None) if self._scheme in _MAIL else None
        people = ", ".join(str(address) for _, address in targets) if targets else ""
        return f"{self._plugin.service_name}: {people}" if people else shown

    async def send(self, letter: Letter) -> None:
        # Services of the public internet keep their token where others have a host.
        own_server = any("{host}" in template for template in self._plugin.templates)
        if own_server and self._scheme not in _MAIL and not self._allow_private:
            await refuse_private(str(self._plugin.host), self._plugin.port or 443)
        await asyncio.to_thread(self._send, letter)

    def _send(self, letter: Letter) -> None:
        """In a thread: what Apprise logs in it is about this message."""
        with self._one_at_a_time:
            said = _Said()
            apprise_logger.addHandler(said)
            try:
                if isinstance(headers := getattr(self._plugin, "headers", None), dict):
                    headers[KEY_HEADER] = letter.key
                taken = self._plugin.notify(
                    body=letter.body,
                    title=letter.title,
                    notify_type=_MILDEST.get(letter.event, NotifyType.INFO),
                    body_format=NotifyFormat.TEXT,
                )
            except Exception as problem:
                raise NotSentError(f"{type(problem).__name__}: {problem}") from problem
            finally:
                apprise_logger.removeHandler(said)
        if not taken:
            raise NotSentError("; ".join(said.lines) or "the service did not take it")


class _Said(logging.Handler):
    """What Apprise says in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append(record.getMessage().strip())
