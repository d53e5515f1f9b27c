"""An EnPI against its limit: by the point value, confirmed where its whole range is known and agrees."""

from __future__ import annotations

from enms.carriers import TceBasis
from enms.corrections import CorrectedLimit
from enms.enpi_reasons import Reason, Why
from enms.enpi_verdict import Certainty, LimitVerdict, Verdict, no_verdict
from enms.performance import EnpiValue

MIN_COMPLETENESS = 0.9


def judge(
    value: EnpiValue, basis: TceBasis, corrected: CorrectedLimit, min_completeness: float = MIN_COMPLETENESS
) -> LimitVerdict:
    """An EnPI against its corrected limit.

    Args:
        value: known or not.
        basis: of the EnPI's standard coal.
        corrected: the limit of its line.
        min_completeness: below it no verdict is given.
    """
    row = corrected.binding.row
    reason: Reason | None = None
    if row.unit != value.unit:
        reason = Reason(Why.OTHER_UNIT, (row.unit, value.unit))
    elif row.basis is not basis:
        reason = Reason(Why.OTHER_BASIS, (row.basis.value, basis.value))
    elif corrected.missing:
        reason = Reason(Why.CORRECTION_MISSING, corrected.missing)
    elif corrected.beyond:
        reason = Reason(Why.CORRECTION_BEYOND, corrected.beyond)
    elif corrected.value is None:
        reason = Reason(Why.NO_LEVEL, (row.item, str(corrected.binding.level)))
    elif value.value is None:
        reason = value.reason
    elif value.completeness < min_completeness:
        worst = tuple(i.point for i in value.inputs if i.completeness < min_completeness)
        reason = Reason(Why.INCOMPLETE, worst)
    limit = corrected.value
    if reason is not None or limit is None or value.value is None or value.low is None or value.high is None:
        return no_verdict(reason or Reason(Why.NO_LEVEL), row, corrected)
    over = value.value > limit
    sure = not value.unclassed and (value.low > limit if over else value.high <= limit)
    return LimitVerdict(
        verdict=Verdict.OVER if over else Verdict.WITHIN,
        certainty=Certainty.CONFIRMED if sure else Certainty.POSSIBLE,
        limit=limit,
        level=corrected.binding.level,
        levels=corrected.levels,
        row=row,
        corrected=corrected,
        reason=None,
    )
