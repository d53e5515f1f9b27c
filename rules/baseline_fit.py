"""Fitting a rule's energy baseline to the ledger: which steps of the period count, and what is left out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

import asyncpg

from db.baseline_steps import Drawing, Drawn, drawings, drawn
from db.baselines import StoredBaseline, baselines, put_baseline
from db.enpi_model import enpi_models
from db.plants import EnterpriseRow
from db.recorded import recorded_now
from enms.baseline import Baseline, Observed
from enms.cuts import Cut, Cuts
from enms.errors import ConflictError, NotFoundError
from enms.regression import NoFit, Question, fit, usual
from rules.baseline_rules import BaselineCondition, EnpiBaselineRule, Period
from rules.cut_grid import CutGrid

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """A period's steps, sorted out.

    Attributes:
        idle_below: output below which a step stands still.
        left_out: how many steps were not used, by reason.
        boundary: fingerprint of the boundary of all that count.
    """

    observed: tuple[Observed, ...]
    idle_below: float
    left_out: dict[str, int]
    boundary: str


def period_of(period: Period, subject: Drawn) -> tuple[datetime, datetime] | None:
    """From when to when a baseline is fitted; None: nothing was ever metered."""
    cuts = subject.model.cuts
    if period.since is not None and period.until is not None:
        return cuts.day_begins(period.since), cuts.day_begins(period.until + _DAY)
    assert period.first_days is not None
    heard = [leaf.point.first_ts for leaf in subject.model.leaves(subject.model.current)]
    known = [first for first in heard if first is not None]
    return _first_days(cuts, max(known), period.first_days) if known else None


def _first_days(cuts: Cuts, heard: datetime, days: int) -> tuple[datetime, datetime]:
    """So many whole days from when everything was heard."""
    first = CutGrid(cuts, Cut.DAY).ceil(heard)
    return first, cuts.day_begins(cuts.day_of(first) + days * _DAY)


def sorted_out(found: Sequence[Drawing], condition: BaselineCondition) -> Counted:
    """Which steps of a period count: complete ones, at work, within the boundary that held last."""
    left_out: Counter[str] = Counter()
    boundary = found[-1].boundary if found else ""
    sound = []
    for one in found:
        reason = one.withheld(condition.min_completeness)
        if not reason and one.boundary != boundary:
            reason = "boundary_changed"
        if reason:
            left_out[reason.split(":", maxsplit=1)[0]] += 1
        else:
            sound.append(one)
    idle_below = condition.idle_below * usual([one.output for one in sound if one.output is not None])
    observed = []
    for one in sound:
        assert one.energy is not None
        assert one.output is not None
        if one.output < idle_below:
            left_out["idle"] += 1
        else:
            observed.append(Observed(one.start, one.end, one.energy, one.x))
    return Counted(tuple(observed), idle_below, dict(left_out), boundary)


async def fitted(
    connection: asyncpg.Connection, subject: Drawn, condition: BaselineCondition, start: datetime, end: datetime
) -> Baseline | NoFit:
    """The baseline of a period, from what the ledger says of it now.

    Args:
        connection: idle or in a transaction; only read.
        subject: nothing of it missing.
        condition: of the rule.
        start, end: of the period; closed.
    """
    steps = CutGrid(subject.model.cuts, Cut(condition.resolution)).steps(start, end)
    counted = sorted_out(await drawings(connection, subject, condition.resolution, steps), condition)
    names = [(one.code, subject.unit(one)) for one in subject.wanted]
    asked = Question(start, end, condition.resolution, counted.boundary, names, condition.min_observations)
    # in a thread: the first fit of a process loads a library
    return await asyncio.to_thread(fit, asked, counted.observed, counted.idle_below, counted.left_out)


def poor(baseline: Baseline, condition: BaselineCondition) -> str:
    """In what a baseline is worse than the rule asks; empty: in nothing."""
    quality = baseline.quality
    if quality.cv_rmse > condition.max_cv_rmse:
        return f"CV(RMSE) {quality.cv_rmse:.3g} > {condition.max_cv_rmse:g}"
    if quality.r2 < condition.min_r2:
        return f"R² {quality.r2:.3g} < {condition.min_r2:g}"
    if quality.f_p > condition.max_f_p:
        return f"p(F) {quality.f_p:.3g} > {condition.max_f_p:g}"
    return ""


async def refit(
    connection: asyncpg.Connection,
    enterprise: EnterpriseRow,
    rule: EnpiBaselineRule,
    subject: str,
    period: Period,
    *,
    now: datetime,
    valid_from: datetime | None,
    actor: str,
    reason: str,
) -> StoredBaseline:
    """Fit a subject's baseline to another period, because somebody asks, and keep it as its newest version.

    Args:
        connection: in a transaction.
        enterprise: whose.
        rule: as it is worded now.
        subject: code of the EnPI.
        period: closed.
        now: the clock.
        valid_from: judged by it from here on; None: from the period's end.
        actor, reason: who asks, and why.

    Raises:
        NotFoundError: the rule does not watch such an EnPI.
        ConflictError: the period is not closed, or cannot be fitted.
    """
    condition = rule.condition
    models = await enpi_models(connection, enterprise, subject)
    watched = any(fnmatchcase(subject, pattern) for pattern in rule.watches.enpis)
    if not models or not watched:
        raise NotFoundError(f"{rule.id} watches no EnPI {subject!r} at {enterprise.code}")
    (drawn_one,) = await drawn(connection, enterprise, models, condition.wanted, condition.resolution)
    if drawn_one.missing:
        raise ConflictError(f"there is no {', '.join(drawn_one.missing)} at {enterprise.code}")
    span = period_of(period, drawn_one)
    assert span is not None
    if span[1] > now:
        raise ConflictError(f"the period is not over: it ends {span[1].isoformat()}")
    made = await fitted(connection, drawn_one, condition, *span)
    if isinstance(made, NoFit):
        raise ConflictError(f"{subject} cannot be fitted: {made}")
    version = await put_baseline(
        connection,
        enterprise.e,
        rule.id,
        subject,
        spec=condition.spec,
        baseline=made,
        valid_from=valid_from,
        recorded_at=await recorded_now(connection, now),
        actor=actor,
        reason=reason,
    )
    found = await baselines(connection, enterprise.e, rule.id, subject)
    return next(one for one in found if one.version == version)
