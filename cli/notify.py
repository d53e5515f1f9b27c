"""`enms notify`: check the channels file, and send a test message through a channel."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.rules import public_url
from cli.surroundings import load_settings
from enms.errors import EnmsError, InputError, NotFoundError, UnavailableError
from rules.channels import ChannelFile, read_channels
from rules.courier import channel_row
from rules.notifier import NotSentError
from rules.ways import Letter

app = typer.Typer(no_args_is_help=True, help="Channels that tell people of alerts: check the file, send a test.")
File = Annotated[Path | None, typer.Option("--file", help="Channels file; ENMS_NOTIFY_FILE.")]


class RefusedError(InputError):
    """A channels file that cannot be used."""


@app.command()
def check(file: File = None) -> None:
    """Say everything that is wrong with the channels file, or who is told where. Nothing is sent."""
    found = _read(file)
    for mistake in found.mistakes:
        typer.echo(f"{found.name}: {mistake}", err=True)
    if found.mistakes:
        raise typer.Exit(1)
    for channel in found.channels:
        row = channel_row(channel)
        where = ", ".join(row.enterprises) or "all plants"
        extra = "".join(f", {what} {text}" for what, text in (("quiet", row.quiet), ("digest", row.digest)) if text)
        typer.echo(f"{row.name}: {', '.join(row.roles)} of {where}, from {row.min_severity} on{extra} — {row.address}")


@app.command("test")
def send_test(
    name: Annotated[str, typer.Argument(help="Name of the channel.")],
    file: File = None,
) -> None:
    """Send a test message through one channel, whatever the hour."""
    found = _read(file)
    if found.mistakes:
        raise RefusedError(found.name, found.mistakes)
    channel = next((one for one in found.channels if one.name == name), None)
    if channel is None:
        known = ", ".join(one.name for one in found.channels)
        raise NotFoundError(f"{found.name} has no channel {name!r}; it has {known}")
    now = datetime.now(UTC)
    link = public_url(load_settings())
    zh = channel.language == "zh"
    letter = Letter(
        key=f"test/{name}/{now:%Y-%m-%dT%H:%M:%SZ}",
        event="test",
        title="能耗监测：测试消息" if zh else "Energy monitoring: test message",
        body=f"{'此渠道可以收到报警通知。' if zh else 'Alerts can be told through this channel.'}\n{link}",
        link=link,
    )
    try:
        asyncio.run(channel.way.send(letter))
    except NotSentError as problem:
        raise UnavailableError(f"{name}: not sent: {problem}") from problem
    typer.echo(f"{name}: taken by {channel.way.shown}")


def _read(file: Path | None) -> ChannelFile:
    settings = load_settings()
    path = file or settings.notify_file
    if path is None:
        raise EnmsError("no channels file: give --file, or set ENMS_NOTIFY_FILE")
    return read_channels(path, settings.timezone)
