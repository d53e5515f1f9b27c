"""The life of an inspection case (节能监察案件): what may follow what. Pure.

opened (立案) → notified (告知、现场监察) → ordered (限期整改) → verified (整改核验) → closed (结案). An order may be
given again with another due date while it stands: an extension, or something was found not to be mended. A case may be
withdrawn (撤案) from any of these but the last, for a reason. Comments are always possible; alerts are added until
it is verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from enms.errors import ConflictError


class CaseState(StrEnum):
    """Where a case stands."""

    OPENED = "opened"
    NOTIFIED = "notified"
    ORDERED = "ordered"
    VERIFIED = "verified"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class CaseStep(StrEnum):
    """What people do to a case; each is an event of its log."""

    OPENED = "opened"
    ADDED = "added"
    NOTIFIED = "notified"
    ORDERED = "ordered"
    VERIFIED = "verified"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    COMMENTED = "commented"


# Alerts that a case is opened on, or that are added to it, in one go: they are locked together.
MOST_AT_ONCE = 1000
# In the order in which a case goes through them.
OPEN = (CaseState.OPENED, CaseState.NOTIFIED, CaseState.ORDERED, CaseState.VERIFIED)
_FROM: Mapping[CaseStep, tuple[CaseState, ...]] = {
    CaseStep.OPENED: (),
    CaseStep.ADDED: (CaseState.OPENED, CaseState.NOTIFIED, CaseState.ORDERED),
    CaseStep.NOTIFIED: (CaseState.OPENED,),
    CaseStep.ORDERED: (CaseState.NOTIFIED, CaseState.ORDERED),
    CaseStep.VERIFIED: (CaseState.ORDERED,),
    CaseStep.CLOSED: (CaseState.VERIFIED,),
    CaseStep.WITHDRAWN: OPEN,
    CaseStep.COMMENTED: tuple(CaseState),
}
_STAYS = {CaseStep.ADDED, CaseStep.COMMENTED}


def steps(state: CaseState) -> tuple[CaseStep, ...]:
    """What may be done to a case in that state."""
    return tuple(step for step, states in _FROM.items() if state in states)


def after(state: CaseState, step: CaseStep) -> CaseState:
    """The state that a step leads to.

    Raises:
        ConflictError: it may not follow.
    """
    if state not in _FROM[step]:
        possible = ", ".join(steps(state))
        raise ConflictError(f"a case that is {state} cannot be {step}; it can be {possible}")
    return state if step in _STAYS else CaseState(step.value)
