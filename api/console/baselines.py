"""Energy baselines on pages: energy against each variable, the fitted line, its band, and the steps judged last."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from api.console.i18n import Catalogue
from api.console.numbers import short
from api.deps import Context
from db import rules
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
_LEFT, _BOTTOM, _TOP, _RIGHT = 8.0, 26.0, 20.0, 8.0
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
    condition: Mapping[str, object] = json.loads(rule.definition)["condition"]
    significance = float(str(condition.get("significance", 0.05)))
    at_least_pct = float(str(condition.get("at_least_pct", 0.0)))
    t = quantile(significance, kept.baseline.freedom)
    judged = await _latest(context, owner, kept, t, at_least_pct)
    scatters = tuple(scatter(kept.baseline, n, t, judged, text) for n in range(len(kept.baseline.variables)))
    return BaselinePanel(rule, kept, judged[-1] if judged else None, scatters)


async def _latest(
    context: Context, owner: EnterpriseRow, kept: StoredBaseline, t: float, at_least_pct: float
) -> list[Judged]:
    """The steps of the last days that can be held against it."""
    baseline, now = kept.baseline, context.clock()
    async with context.pool.acquire() as connection:
        known = await enpi_models(connection, owner)
        models = [model for model in known if model.code == kept.subject]
        if not models:
            return []
        others = {model.code for model in known}
        cut = Cut.SHIFT if baseline.resolution == "shift" else Cut.DAY
        since = max(kept.valid_from, now - _LATEST.get(baseline.resolution, timedelta(days=21)))
        steps = [s for s in models[0].cuts.windows(cut, since, now) if s[0] >= since and s[1] <= now]
        (subject,) = await drawn(connection, owner, models, _wanted(baseline, others), baseline.resolution)
        found = [] if subject.missing else await drawings(connection, subject, baseline.resolution, steps)
    sound = [one for one in found if not one.withheld(0.9) and one.boundary == baseline.boundary]
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
        '<text x="{}" y="14">{} kgce</text><text x="{}" y="{}">{} kgce</text>'
        '<text x="{}" y="{}">{} {}</text><text class="end" x="{}" y="{}">{} {}</text></svg>'
    ).format(
        _WIDTH, _HEIGHT, label, _LEFT, base, _WIDTH - _RIGHT,
        area, line, dots,
        _LEFT, short(rounded(high_y)), _LEFT, base - 4, short(rounded(low_y)),
        _LEFT, _HEIGHT - 8, short(low_x), variable.unit, _WIDTH - _RIGHT, _HEIGHT - 8, short(high_x), variable.unit,
    )  # fmt: skip
