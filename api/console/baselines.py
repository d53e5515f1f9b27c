"""Energy baselines on pages: energy against each variable, the fitted line, its band, and the steps judged last."""

from __future__ import annotations

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from api.console.i18n import Catalogue
from api.console.numbers import short
from api.deps import Context
from db import rules
from db.alerts import AlertRow
from db.baseline_steps import Drawing, Wanted, drawings, drawn
from db.baselines import StoredBaseline, baselines
from db.enpi_model import enpi_models
from db.plants import EnterpriseRow
from db.rules import RuleRow
from enms.baseline import OUTPUT, Against, Baseline, against, rounded
from enms.cuts import Cut
from enms.regression import quantile

KIND = "enpi_baseline"
_LATEST = {"shift": timedelta(days=7), "day": timedelta(days=21)}
_WIDTH, _HEIGHT = 460.0, 240.0
_LEFT, _BOTTOM, _TOP, _RIGHT = 96.0, 26.0, 12.0, 8.0
_STEPS = 24


@dataclass(frozen=True, slots=True)
class Judged:
    """A step after the baseline's period, held against it."""

    drawing: Drawing
    found: Against

    @property
    def over(self) -> bool:
        return self.found.over_pct > self.found.limit_pct


@dataclass(frozen=True, slots=True)
class BaselinePanel:
    """One baseline of one subject.

    Attributes:
        last: the step judged last; None: none since.
        scatters: a drawing a variable.
    """

    rule: RuleRow
    kept: StoredBaseline
    last: Judged | None
    scatters: tuple[Markup, ...]


async def baseline_panels(
    context: Context, owner: EnterpriseRow, text: Catalogue, *, rule: str | None = None, subject: str | None = None
) -> list[BaselinePanel]:
    """The newest baseline of every subject of the rules in force, of one rule or of one EnPI."""
    held = {row.rule: row for row in await rules.current_rules(context.pool, [owner.e]) if row.kind == KIND}
    newest: dict[tuple[str, str], StoredBaseline] = {}
    for one in await baselines(context.pool, owner.e, rule, subject):
        if one.rule in held:
            newest[one.rule, one.subject] = one
    return [await _panel(context, owner, text, held[one.rule], one) for one in newest.values()]


async def _panel(
    context: Context, owner: EnterpriseRow, text: Catalogue, rule: RuleRow, kept: StoredBaseline
) -> BaselinePanel:
    now, length = context.clock(), _LATEST.get(kept.baseline.resolution, timedelta(days=21))
    judged = await judged_between(context, owner, rule, kept, max(kept.valid_from, now - length), now)
    t = quantile(_figure(rule, "significance", 0.05), kept.baseline.freedom)
    scatters = tuple(scatter(kept.baseline, n, t, judged, text) for n in range(len(kept.baseline.variables)))
    return BaselinePanel(rule, kept, judged[-1] if judged else None, scatters)


def _figure(rule: RuleRow, key: str, usual: float) -> float:
    """A figure of a rule's condition."""
    return float(json.loads(rule.definition)["condition"].get(key, usual))


async def judged_of_alert(
    context: Context, owner: EnterpriseRow, alert: AlertRow, start: datetime, end: datetime
) -> list[Judged]:
    """The steps of a span by the newest baseline of an alert's rule and subject."""
    held = next((r for r in await rules.current_rules(context.pool, [owner.e]) if r.rule == alert.rule), None)
    kept = await baselines(context.pool, owner.e, alert.rule, alert.subject)
    if held is None or held.kind != KIND or not kept:
        return []
    return await judged_between(context, owner, held, kept[-1], max(start, kept[-1].valid_from), end)


async def judged_between(
    context: Context, owner: EnterpriseRow, rule: RuleRow, kept: StoredBaseline, since: datetime, until: datetime
) -> list[Judged]:
    """The whole steps of [since, until) that can be held against a baseline, in order of time."""
    baseline = kept.baseline
    t = quantile(_figure(rule, "significance", 0.05), baseline.freedom)
    at_least_pct = _figure(rule, "at_least_pct", 0.0)
    async with context.pool.acquire() as connection:
        known = await enpi_models(connection, owner)
        models = [model for model in known if model.code == kept.subject]
        if not models or since >= until:
            return []
        others = {model.code for model in known}
        cut = Cut.SHIFT if baseline.resolution == "shift" else Cut.DAY
        steps = [s for s in models[0].cuts.windows(cut, since, until) if s[0] >= since and s[1] <= until]
        (subject,) = await drawn(connection, owner, models, _wanted(baseline, others), baseline.resolution)
        found = [] if subject.missing else await drawings(connection, subject, baseline.resolution, steps)
    least = _figure(rule, "min_completeness", 0.95)
    sound = [one for one in found if not one.withheld(least) and one.boundary == baseline.boundary]
    return [
        Judged(one, against(baseline, one.energy, one.x, t, at_least_pct))
        for one in sound
        if one.energy is not None and baseline.expected(one.x)
    ]


def _wanted(baseline: Baseline, enpis: AbstractSet[str]) -> list[Wanted]:
    """The variables by what they are: a name that is no EnPI of the plant is a point."""
    codes = [v.code for v in baseline.variables]
    return [
        Wanted("output") if code == OUTPUT else Wanted("enpi" if code in enpis else "point", code) for code in codes
    ]


def scatter(baseline: Baseline, n: int, t: float, judged: Sequence[Judged], text: Catalogue) -> Markup:
    """Energy against one variable, the others at their means: what was observed, line, band, what was judged last."""
    variable = baseline.variables[n]
    at_mean = [v.mean for v in baseline.variables]

    def alone(energy: float, x: Sequence[float]) -> tuple[float, float]:
        pairs = enumerate(zip(baseline.variables, x, strict=True))
        return x[n], energy - sum(v.slope * (given - v.mean) for i, (v, given) in pairs if i != n)

    seen = [alone(one.energy, one.x) for one in baseline.observed]
    latest = [(alone(one.drawing.energy or 0.0, one.drawing.x), one.over) for one in judged]
    xs = [x for x, _ in seen] + [x for (x, _), _ in latest]
    low_x, high_x = min(xs), max(xs)
    edges = [low_x + (high_x - low_x) * i / _STEPS for i in range(_STEPS + 1)]
    band = []
    for x in edges:
        given = [*at_mean[:n], x, *at_mean[n + 1 :]]
        expected, half = baseline.expected(given), baseline.half(given, t)
        band.append((x, expected - half, expected, expected + half))
    ys = [y for _, y in seen] + [y for (_, y), _ in latest] + [one[1] for one in band] + [one[3] for one in band]
    low_y, high_y = min(ys), max(ys)

    def place(x: float, y: float) -> str:
        across = (x - low_x) / ((high_x - low_x) or 1.0)
        up = (y - low_y) / ((high_y - low_y) or 1.0)
        left = _LEFT + across * (_WIDTH - _LEFT - _RIGHT)
        return f"{left:.1f} {_HEIGHT - _BOTTOM - up * (_HEIGHT - _BOTTOM - _TOP):.1f}"

    def dot(x: float, y: float, look: str, radius: float) -> Markup:
        cx, cy = place(x, y).split()
        return Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>').format(look, cx, cy, radius)

    area = "M" + "L".join(place(x, high) for x, _, _, high in band)
    area += "L" + "L".join(place(x, low) for x, low, _, _ in reversed(band)) + "Z"
    line = "M" + "L".join(place(x, middle) for x, _, middle, _ in band)
    dots = Markup("").join(dot(x, y, "seen", 3) for x, y in seen)
    last = len(latest) - 1
    dots += Markup("").join(
        dot(x, y, ("over" if over else "judged") + (" last" if i == last else ""), 6 if i == last else 4)
        for i, ((x, y), over) in enumerate(latest)
    )
    label = text("Energy over %(variable)s, with its baseline", variable=variable.code)
    base = _HEIGHT - _BOTTOM
    return Markup(
        '<svg class="scatter" viewBox="0 0 {} {}" role="img" aria-label="{}"><path class="axis" d="M{} {}H{}"/>'
        '<path class="band" d="{}"/><path class="line" d="{}"/>{}'
        '<text class="end" x="{}" y="{}">{} kgce</text><text class="end" x="{}" y="{}">{}</text>'
        '<text x="{}" y="{}">{} {}</text><text class="end" x="{}" y="{}">{} {}</text></svg>'
    ).format(
        _WIDTH, _HEIGHT, label, _LEFT, base, _WIDTH - _RIGHT,
        area, line, dots,
        _LEFT - 6, _TOP + 4, short(rounded(high_y)), _LEFT - 6, base, short(rounded(low_y)),
        _LEFT, _HEIGHT - 8, short(low_x), variable.unit, _WIDTH - _RIGHT, _HEIGHT - 8, short(high_x), variable.unit,
    )  # fmt: skip
