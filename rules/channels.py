"""The channels file: where people are told of alerts, who, from which severity on, and when not. YAML, read like a rule
book: every mistake at once, each with its line; a file with a mistake is refused as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from enms.alerts import Severity
from enms.errors import Mistake, reason_of
from enms.yaml_lines import Location, line_of, place_of, plain, read_mapping
from rules.base_rule import Duration, Strict, Text
from rules.escalation import Escalation
from rules.ways import Way, WayError, way_to

RANK = {Severity.NOTICE: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _clock(value: object) -> object:
    match = _CLOCK.fullmatch(str(value))
    if match is None:
        raise ValueError('a time of day is written "07:30"')
    return time(int(match[1]), int(match[2]))


def _name(value: str) -> str:
    if not _NAME.fullmatch(value) or value == "mqtt":
        raise ValueError("a channel's name has small letters, digits, - and _, and is not mqtt")
    return value


def _zone(value: str | None) -> str | None:
    if value is not None:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError):
            raise ValueError(f"no time zone {value!r}") from None
    return value


def _wait(value: object) -> object:
    return None if value == "never" else value


Clock = Annotated[time, BeforeValidator(_clock)]
Wait = Annotated[Duration | None, BeforeValidator(_wait)]
Words = Annotated[tuple[Text, ...], Field(min_length=1)]


class Quiet(Strict):
    """From `from` to `to` of the local clock nobody is told; what came is told together at the end.

    Attributes:
        but_for: this severity and above is told at once.
    """

    begins: Clock = Field(alias="from")
    ends: Clock = Field(alias="to")
    but_for: Severity | Literal["nothing"] = Severity.CRITICAL


class Digest(Strict):
    """Alerts up to `up_to` are told together at some times of day."""

    up_to: Severity = Severity.NOTICE
    at: Annotated[tuple[Clock, ...], Field(min_length=1)]


class ChannelModel(Strict):
    """One channel as written.

    Attributes:
        roles: rules' roles that are told here.
        people: those whom it reaches, by the name that alerts are assigned to: told what concerns them.
    """

    name: Annotated[str, AfterValidator(_name)]
    url: Text | None = None
    url_file: Path | None = None
    secrets: Mapping[str, Path] = Field(default_factory=dict)
    roles: Words = ()
    people: tuple[Text, ...] = ()
    enterprises: Words | None = None
    min_severity: Severity = Severity.NOTICE
    language: Literal["zh", "en"] = "zh"
    timezone: Annotated[str | None, AfterValidator(_zone)] = None
    quiet_hours: Quiet | None = None
    digest: Digest | None = None
    allow_private: bool = False

    @model_validator(mode="after")
    def _for_somebody(self) -> Self:
        if not self.roles and not self.people:
            raise ValueError("roles or people are wanted")
        return self


class EscalationModel(Strict):
    """After how long an alert nobody took, or whose verdict is withheld, gets louder; and who hears of it then."""

    critical: Wait = timedelta(minutes=30)
    warning: Wait = timedelta(hours=4)
    notice: Wait = None
    withheld: Duration = timedelta(hours=4)
    roles: tuple[Text, ...] = ()


class FileModel(Strict):
    channels: tuple[ChannelModel, ...]
    escalation: EscalationModel = EscalationModel()


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that can be used.

    Attributes:
        way: how a message gets there.
        zone: whose clock its quiet hours and digests go by.
    """

    said: ChannelModel
    way: Way
    zone: ZoneInfo

    @property
    def name(self) -> str:
        return self.said.name

    @property
    def language(self) -> str:
        return self.said.language

    def reaches(self, enterprise: str, people: Iterable[str]) -> bool:
        """Whether somebody whom an alert concerns is told here, whatever its severity."""
        wanted = self.said.enterprises
        return (wanted is None or enterprise in wanted) and not set(people).isdisjoint(self.said.people)

    def fits(self, enterprise: str, severity: Severity, roles: Iterable[str]) -> bool:
        """Whether an alert is told here."""
        wanted = self.said.enterprises
        return (
            (wanted is None or enterprise in wanted)
            and RANK[severity] >= RANK[self.said.min_severity]
            and not set(roles).isdisjoint(self.said.roles)
        )


@dataclass(frozen=True, slots=True)
class ChannelFile:
    """The channels and the escalation, or every reason why the file is refused."""

    name: str
    channels: tuple[Channel, ...] = ()
    escalation: Escalation = field(default_factory=Escalation)
    escalation_roles: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()


def read_channels(path: Path, timezone: str) -> ChannelFile:
    """The channels in a file; one that cannot be read is a mistake like any other.

    Args:
        path: of the YAML file; secrets in it may be relative to its folder.
        timezone: of channels that name none.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return ChannelFile(path.name, mistakes=(Mistake("", f"cannot be read: {error}"),))
    return parse_channels(text, path.name, path.parent, timezone)


def parse_channels(text: str, source: str, folder: Path, timezone: str) -> ChannelFile:
    """The channels in a YAML text; a single mistake refuses it."""
    document = read_mapping(text, "a channels file is a mapping that begins with `channels:`")
    if isinstance(document, Mistake):
        return ChannelFile(source, mistakes=(document,))
    found: list[tuple[Location, str]] = []
    said: FileModel | None = None
    try:
        said = FileModel.model_validate(plain(document))
    except ValidationError as error:
        found += [(e["loc"], _reason(e["msg"], e["type"])) for e in error.errors()]
    entries = plain(document.get("channels"))
    names = [entry.get("name") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    found += [(("channels", i, "name"), f"{n!r} is there twice") for i, n in enumerate(names) if n in names[:i]]
    if not entries:
        found.append((("channels",), "a list of channels is wanted"))
    channels: list[Channel] = []
    for i, one in enumerate(said.channels if said is not None else ()):
        try:
            zone = ZoneInfo(one.timezone or timezone)
            channels.append(Channel(one, way_to(address(one, folder), allow_private=one.allow_private), zone))
        except WayError as problem:
            found.append((("channels", i, "url_file" if one.url_file else "url"), str(problem)))
    if found or said is None:
        mistakes = {Mistake(place_of(document, at, ("name",)), reason, line_of(document, at)) for at, reason in found}
        return ChannelFile(source, mistakes=tuple(sorted(mistakes, key=lambda m: (m.line or 0, m.place, m.reason))))
    return ChannelFile(source, tuple(channels), _escalation(said.escalation), said.escalation.roles)


def _reason(message: str, kind: str) -> str:
    return "at least one is wanted" if kind == "too_short" else reason_of(message, kind)


def address(said: ChannelModel, folder: Path) -> str:
    """A channel's URL with its secrets.

    Raises:
        WayError: there is none, or a secret's file cannot be read.
    """
    if (said.url is None) == (said.url_file is None):
        raise WayError("either url or url_file is wanted")
    url = said.url if said.url is not None else _secret(folder, said.url_file or Path())
    for name, path in said.secrets.items():
        if f"{{{name}}}" not in url:
            raise WayError(f"the url has no place {{{name}}} for that secret")
        url = url.replace(f"{{{name}}}", quote(_secret(folder, path), safe=""))
    return url


def _secret(folder: Path, path: Path) -> str:
    try:
        return (folder / path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WayError(f"the secret cannot be read: {error}") from error


def _escalation(said: EscalationModel) -> Escalation:
    waits = {Severity.CRITICAL: said.critical, Severity.WARNING: said.warning, Severity.NOTICE: said.notice}
    return Escalation({severity: wait for severity, wait in waits.items() if wait is not None}, said.withheld)
