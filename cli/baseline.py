"""`enms baseline`: energy baselines as they are kept, and another fit where somebody asks for it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cli.database import connected
from cli.instants import instant_option
from cli.surroundings import load_settings
from db.baselines import StoredBaseline, baselines
from db.plants import enterprise as enterprise_row
from enms.baseline import Baseline
from enms.errors import InputError, Mistake
from rules.baseline_fit import refit as fit_again
from rules.baseline_rules import EnpiBaselineRule, Period
from rules.book import BUNDLED, read_books, sound_rules

app = typer.Typer(no_args_is_help=True, help="Energy baselines: what is kept, and another fit.")

EnterpriseCode = Annotated[str, typer.Option("--enterprise", help="Code of the enterprise.")]
Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@app.command("list")
def show(
    enterprise: EnterpriseCode,
    rule: Annotated[str | None, typer.Option(help="Of one rule only.")] = None,
    as_json: Json = False,
) -> None:
    """Every baseline that is kept, with its period, figures and quality."""
    found = asyncio.run(_kept(enterprise, rule))
    if as_json:
        typer.echo(json.dumps([_figures(one) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        _tell(one)
    if not found:
        typer.echo("no baselines are kept: their periods are not over, or had too few observations")


@app.command()
def refit(
    rule: Annotated[str, typer.Argument(help="The rule's id.")],
    subject: Annotated[str, typer.Argument(help="Code of the EnPI.")],
    enterprise: EnterpriseCode,
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of the new period.")],
    until: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day of it.")],
    reason: Annotated[str, typer.Option(help="Why; it stands beside every verdict.")],
    actor: Annotated[str, typer.Option("--by", help="Who asks.")],
    effective: Annotated[
        str | None, typer.Option("--effective-from", help="Judged by it from here on (RFC 3339); the period's end.")
    ] = None,
) -> None:
    """Fit a baseline to another period and keep it; what it judges is judged again."""
    if not reason.strip() or not actor.strip():
        raise typer.BadParameter("--reason and --by are wanted: a baseline is not moved by nobody for nothing")
    at = instant_option("--effective-from", effective) if effective is not None else None
    period = Period(since=since.date(), until=until.date())
    made = asyncio.run(_refit(enterprise, rule, subject, period, at, actor.strip(), reason.strip()))
    _tell(made)


async def _kept(code: str, rule: str | None) -> list[StoredBaseline]:
    async with connected(load_settings()) as connection:
        owner = await enterprise_row(connection, code)
        return await baselines(connection, owner.e, rule)


async def _refit(
    code: str, rule_id: str, subject: str, period: Period, at: datetime | None, actor: str, reason: str
) -> StoredBaseline:
    settings = load_settings()
    own = [settings.rules_dir] if settings.rules_dir is not None else []
    known = {rule.id: rule for rule in sound_rules(read_books([BUNDLED, *own]))}
    rule = known.get(rule_id)
    if not isinstance(rule, EnpiBaselineRule):
        raise InputError("RULE", [Mistake("", f"{rule_id!r} is no rule against an energy baseline")])
    async with connected(settings) as connection, connection.transaction():
        owner = await enterprise_row(connection, code)
        return await fit_again(
            connection, owner, rule, subject, period, now=datetime.now(UTC), valid_from=at, actor=actor, reason=reason
        )


def _tell(one: StoredBaseline) -> None:
    fitted, quality = one.baseline, one.baseline.quality
    by = f", by {one.actor}: {one.reason}" if one.actor else ""
    typer.echo(f"{one.rule} {one.subject} version {one.version}, valid from {one.valid_from.isoformat()}{by}")
    typer.echo(
        f"  {fitted.start.isoformat()} to {fitted.end.isoformat()} by {fitted.resolution}: {fitted.n} observations"
        f"{_left_out(fitted)}"
    )
    for v in fitted.variables:
        typer.echo(
            f"  {v.code}: {v.slope:.6g} kgce/{v.unit} about {v.mean:.6g}, p {v.p:g}, {v.least:.6g} to {v.greatest:.6g}"
        )
    typer.echo(
        f"  mean {fitted.mean_energy:.6g} kgce, R² {quality.r2:.3f}, p(F) {quality.f_p:g}, "
        f"CV(RMSE) {quality.cv_rmse:.2%}, Durbin-Watson {quality.durbin_watson:.2f}"
    )


def _left_out(fitted: Baseline) -> str:
    counts = [f"{count} {reason}" for reason, count in sorted(fitted.left_out.items())]
    return f", left out {', '.join(counts)}" if counts else ""


def _figures(one: StoredBaseline) -> dict[str, Any]:
    fitted, quality = one.baseline, one.baseline.quality
    return {
        "rule": one.rule,
        "subject": one.subject,
        "version": one.version,
        "valid_from": one.valid_from.isoformat(),
        "recorded_at": one.recorded_at.isoformat(),
        "actor": one.actor or None,
        "reason": one.reason or None,
        "from": fitted.start.isoformat(),
        "to": fitted.end.isoformat(),
        "resolution": fitted.resolution,
        "observations": fitted.n,
        "left_out": dict(fitted.left_out),
        "mean_energy_kgce": fitted.mean_energy,
        "variables": [
            {
                "code": v.code,
                "unit": v.unit,
                "slope": v.slope,
                "p": v.p,
                "mean": v.mean,
                "least": v.least,
                "greatest": v.greatest,
            }
            for v in fitted.variables
        ],
        "r2": quality.r2,
        "f_p": quality.f_p,
        "cv_rmse": quality.cv_rmse,
        "durbin_watson": quality.durbin_watson,
        "sha256": one.sha256,
        "data_sha256": fitted.data,
    }
