"""`enms replay-evidence`: judge an alert's evidence again, from the evidence alone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from cli.surroundings import load_settings, required_dsn
from db import alerts
from db.pool import PROBLEMS
from enms.errors import InputError, Mistake, NotFoundError, UnavailableError
from rules.evidence import digest
from rules.replay import Replayed, replay

_WITHIN = 1e-9
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def command(
    alert: Annotated[int | None, typer.Argument(help="Alert id; its evidence is read from the database.")] = None,
    version: Annotated[int | None, typer.Option(help="Version of the evidence; without it, the last one.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Instead of the database: evidence as GET /alerts/{id}/evidence gives it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge an alert's evidence again. Exit status 1 when it was changed, or gives another verdict than was frozen."""
    if (alert is None) == (file is None):
        raise typer.BadParameter("either an alert id or --file is wanted")
    text, sha256, number = _from_file(file, version) if file is not None else asyncio.run(_stored(alert or 0, version))
    again = _again(text, sha256)
    body: dict[str, Any] = json.loads(text)
    frozen = _frozen(body)
    same = again.intact and again.met is not False and _alike(again.value, frozen)
    if as_json:
        figures = {"version": number, "sha256": sha256, **asdict(again), "frozen_value": frozen, "same": same}
        typer.echo(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        _tell(body, number, again, frozen, same=same)
    if not same:
        raise typer.Exit(1)


def _again(text: str, sha256: str) -> Replayed:
    try:
        return replay(text, sha256)
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as problem:
        if digest(text) != sha256:  # whoever changed it broke it, too
            return Replayed(intact=False, met=None, value=None, limit=None)
        reason = f"this version cannot judge it: {type(problem).__name__}: {problem}"
        raise InputError("evidence", [Mistake("", reason)]) from problem


def _alike(again: float | None, frozen: float | None) -> bool:
    if again is None or frozen is None:
        return True
    return abs(again - frozen) <= _WITHIN * max(1.0, abs(frozen))


def _frozen(body: dict[str, Any]) -> float | None:
    """The value that was frozen with the evidence."""
    result = body.get("result")
    value = result.get("value") if isinstance(result, dict) else None
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def _tell(body: dict[str, Any], number: int, again: Replayed, frozen: float | None, *, same: bool) -> None:
    rule, unit = body["rule"], body["rule"]["unit"]
    typer.echo(f"{body['enterprise']} {body['subject']}: {rule['id']} ({rule['title']['en']}), version {number}")
    typer.echo(f"hash:    {'intact' if again.intact else 'BROKEN: the text is not what was frozen'}")
    if again.met is None:
        typer.echo("verdict: this kind has nothing to compute; what it says is in its lines")
    else:
        typer.echo(f"verdict: the condition is {'met' if again.met else 'NOT met'}")
    if again.value is not None:
        limit = "" if again.limit is None else f", limit {again.limit:.10g} {unit}"
        was = "" if frozen is None else f" (frozen {frozen:.10g})"
        typer.echo(f"value:   {again.value:.10g} {unit}{was}{limit}")
    typer.echo("the same verdict as was frozen" if same else "NOT the same verdict as was frozen")


async def _stored(alert: int, version: int | None) -> tuple[str, str, int]:
    dsn = required_dsn(load_settings())
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except PROBLEMS as problem:
        raise UnavailableError(f"the database is not there: {problem}") from problem
    try:
        found = await alerts.evidence(connection, await alerts.get_alert(connection, alert))
    finally:
        await connection.close()
    chosen = [row for row in found if version is None or row.version == version]
    if not chosen:
        raise NotFoundError(f"alert {alert} has no evidence" + ("" if version is None else f" of version {version}"))
    return chosen[-1].body, chosen[-1].sha256, chosen[-1].version


def _from_file(path: Path, version: int | None) -> tuple[str, str, int]:
    """Evidence saved from the API: the whole answer, or one of its items."""
    try:
        said = json.loads(path.read_text(encoding="utf-8-sig"))
        items = said.get("items", [said])
        chosen = [(i["text"], i["sha256"], int(i["version"])) for i in items if version in {None, i["version"]}]
        json.loads(chosen[-1][0])["rule"]["kind"]
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(str(path), [Mistake("", f"cannot be read: {problem}")]) from problem
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as problem:
        reason = "not evidence as GET /alerts/{id}/evidence gives it, or no such version"
        raise InputError(str(path), [Mistake("", reason)]) from problem
    return chosen[-1]
