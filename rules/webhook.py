"""A webhook: one POST of JSON to an address somebody configured, and to nowhere else.

The name is resolved once, every address it stands for is looked at, and the connection is made to the very address that
was looked at. Private, loopback and link-local addresses are refused unless the channel allows them; redirects are not
followed. With a secret the body is signed: `X-Enms-Signature: sha256=<HMAC of the body, hex>`.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import socket
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx

from rules.notifier import NotSentError

if TYPE_CHECKING:
    from rules.ways import Letter

_TIMEOUT_S = 10.0
_SAID = 200


@dataclass(frozen=True, slots=True)
class Webhook:
    """An HTTP address that takes messages.

    Attributes:
        target: path and query as they are asked for.
        secret: of the signature; None: not signed.
    """

    tls: bool
    host: str
    port: int
    target: str
    secret: str | None
    allow_private: bool

    @classmethod
    def of(cls, url: str, *, allow_private: bool) -> Webhook:
        """`webhook(s)://host[:port]/path[?secret=…]`.

        Raises:
            ValueError: it is something else.
        """
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            raise ValueError("the webhook's port is not a number") from None
        if not parts.hostname or parts.username or parts.password:
            raise ValueError("a webhook is written webhooks://host[:port]/path[?secret=…]")
        kept = [part for part in parts.query.split("&") if part and not part.startswith("secret=")]
        secret = parse_qs(parts.query).get("secret", [None])[0]
        tls = parts.scheme.lower() == "webhooks"
        target = (parts.path or "/") + (f"?{'&'.join(kept)}" if kept else "")
        return cls(tls, parts.hostname, port or (443 if tls else 80), target, secret, allow_private)

    @property
    def shown(self) -> str:
        """The address without its query, which may hold secrets."""
        return f"webhook: http{'s' if self.tls else ''}://{self.host}:{self.port}{self.target.partition('?')[0]}"

    async def send(self, letter: Letter) -> None:
        """See `rules.ways.Way`."""
        found = await addresses(self.host, self.port)
        if not self.allow_private:
            refuse(self.host, found)
        body = json.dumps(
            {
                "key": letter.key,
                "event": letter.event,
                "title": letter.title,
                "text": letter.body,
                "link": letter.link,
                "alerts": letter.alerts,
            },
            ensure_ascii=False,
        ).encode()
        name = f"[{self.host}]" if ":" in self.host else self.host
        headers = {
            "Host": name if self.port in {80, 443} else f"{name}:{self.port}",
            "Content-Type": "application/json",
            "Idempotency-Key": letter.key,
            "User-Agent": "enms",
        }
        if self.secret is not None:
            headers["X-Enms-Signature"] = "sha256=" + hmac.new(self.secret.encode(), body, sha256).hexdigest()
        pinned = f"[{found[0]}]" if ":" in found[0] else found[0]
        url = f"http{'s' if self.tls else ''}://{pinned}:{self.port}{self.target}"
        extensions = {"sni_hostname": self.host} if self.tls else {}
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False) as client:
                response = await client.post(url, content=body, headers=headers, extensions=extensions)
        except (httpx.HTTPError, OSError) as problem:
            raise NotSentError(f"{self.host}: {problem or type(problem).__name__}") from problem
        if response.is_redirect:
            raise NotSentError(f"{self.host} answered {response.status_code}: redirects are not followed")
        if not response.is_success:
            raise NotSentError(f"{self.host} answered {response.status_code}: {response.text[:_SAID]}".rstrip(": "))


async def addresses(host: str, port: int) -> list[str]:
    """Every address a name stands for.

    Raises:
        NotSentError: none.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as problem:
        raise NotSentError(f"{host} cannot be resolved: {problem}") from problem
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def refuse(host: str, found: list[str]) -> None:
    """One address that is not public is enough.

    Raises:
        NotSentError: there is one.
    """
    for text in found:
        if not ip_address(text.partition("%")[0]).is_global:
            raise NotSentError(f"{host} is at {text}, which is not public: refused unless allow_private is set")


async def refuse_private(host: str, port: int) -> None:
    """Look a name up and refuse it where it leads inside.

    Raises:
        NotSentError: it does, or it leads nowhere.
    """
    refuse(host, await addresses(host, port))
