"""`enms bench`: what this machine makes of it."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from enms.errors import InputError, Mistake

if TYPE_CHECKING:
    from bench.figures import Bench


def command(
    only: Annotated[
        list[str] | None, typer.Option(help="A figure, or the beginning of its name; may be repeated.")
    ] = None,
    scale: Annotated[float, typer.Option(min=0.001, max=10, help="Of the amount of work; promises are about 1.")] = 1.0,
    dsn: Annotated[
        str | None,
        typer.Option(help="Database for the panels' figures: empty, or filled by bench.district. It is not emptied."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    list_figures: Annotated[bool, typer.Option("--list", help="Name the figures and end.")] = False,
) -> None:
    """Measure throughput, latency and safety; every figure against a limit measured in the same run."""
    from bench.figures import benches

    known = benches()
    if list_figures:
        for bench in known:
            typer.echo(f"{', '.join(bench.names)}  (about {bench.takes} s)")
        return
    names = [name for bench in known for name in bench.names]
    chosen = only or [""]
    if unknown := [wanted for wanted in chosen if not any(name.startswith(wanted) for name in names)]:
        raise InputError(
            "--only", [Mistake("", f"no figure {wanted!r}; there are {', '.join(names)}") for wanted in unknown]
        )
    picked = [b for b in known if any(name.startswith(wanted) for name in b.names for wanted in chosen)]
    figures = asyncio.run(_run(picked, scale, dsn, quiet=as_json))
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))


async def _run(picked: list[Bench], scale: float, dsn: str | None, *, quiet: bool) -> list[dict[str, object]]:
    from bench.figures import Options
    from bench.stand import scratch

    def say(text: str) -> None:
        if sys.stderr.isatty() or not quiet:
            typer.echo(f"  {text}", err=True)

    found: list[dict[str, object]] = []
    for bench in picked:
        say(", ".join(bench.names))
        with scratch() as folder:
            for one in await bench.measure(Options(folder, scale, say, dsn)):
                found.append(asdict(one))
                if not quiet:
                    against = f" of {one.limit:,g} = {one.ratio}" if one.ratio is not None else f", limit {one.limit:g}"
                    typer.echo(f"{one.figure}: {one.value:,g} {one.unit}{against}\n    {one.conditions}")
    return found
