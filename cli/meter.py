"""`enms meter`: declare that a meter was exchanged, or its register reset."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.database import connected
from cli.instants import instant_option
from db.meter_events import MeterEvent, declare
from enms.metering import InstallationKind
from enms.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Declare a meter's exchange or reset.")

PointCode = Annotated[str, typer.Argument(metavar="POINT", help="Code of the point.")]
EnterpriseCode = Annotated[str, typer.Option("--enterprise", help="Code of the enterprise.")]
At = Annotated[str, typer.Option(help="When (RFC 3339 with offset); readings from then on are the new meter's.")]
Initial = Annotated[float, typer.Option(help="What the register showed first, as displayed.")]


@app.command()
def exchange(
    point: PointCode,
    enterprise: EnterpriseCode,
    at: At,
    final: Annotated[float, typer.Option(help="What the old meter showed last, as displayed.")],
    initial: Initial,
    multiplier: Annotated[float | None, typer.Option(help="Of the new meter; without it as before.")] = None,
    register_max: Annotated[float | None, typer.Option(help="Where the new register turns over.")] = None,
    accuracy_class: Annotated[float | None, typer.Option(help="Of the new meter.")] = None,
) -> None:
    """Another meter is on the point from an instant on."""
    _declare(
        MeterEvent(
            InstallationKind.EXCHANGE,
            enterprise,
            point,
            instant_option("--at", at),
            initial,
            final,
            multiplier,
            register_max,
            accuracy_class,
        )
    )


@app.command()
def reset(
    point: PointCode,
    enterprise: EnterpriseCode,
    at: At,
    initial: Initial,
    final: Annotated[
        float | None, typer.Option(help="What it showed before; without it the span before stays missing.")
    ] = None,
) -> None:
    """The register of the same meter was set to another value."""
    _declare(MeterEvent(InstallationKind.RESET, enterprise, point, instant_option("--at", at), initial, final))


def _declare(event: MeterEvent) -> None:
    changed = asyncio.run(_run(event))
    said = "recorded, the ledger derives again what it touches" if changed else "was recorded before, nothing changes"
    typer.echo(f"{event.enterprise} {event.point}: {event.kind.value} at {event.at.isoformat()} {said}")


async def _run(event: MeterEvent) -> bool:
    async with connected(Settings()) as connection:
        return await declare(connection, event, datetime.now(UTC))
