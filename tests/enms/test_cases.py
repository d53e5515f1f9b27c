"""What may follow what in an inspection case."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enms.cases import OPEN, CaseState, CaseStep, after, steps
from enms.errors import ConflictError

S, D = CaseState, CaseStep
# All that is possible but comments, written out.
MOVES = {
    (S.OPENED, D.ADDED): S.OPENED,
    (S.NOTIFIED, D.ADDED): S.NOTIFIED,
    (S.ORDERED, D.ADDED): S.ORDERED,
    (S.OPENED, D.NOTIFIED): S.NOTIFIED,
    (S.NOTIFIED, D.ORDERED): S.ORDERED,
    (S.ORDERED, D.ORDERED): S.ORDERED,
    (S.ORDERED, D.VERIFIED): S.VERIFIED,
    (S.VERIFIED, D.CLOSED): S.CLOSED,
    (S.OPENED, D.WITHDRAWN): S.WITHDRAWN,
    (S.NOTIFIED, D.WITHDRAWN): S.WITHDRAWN,
    (S.ORDERED, D.WITHDRAWN): S.WITHDRAWN,
    (S.VERIFIED, D.WITHDRAWN): S.WITHDRAWN,
}


@pytest.mark.parametrize(("state", "step"), list(itertools.product(S, D)))
def test_only_what_is_written_down_is_possible(state: CaseState, step: CaseStep) -> None:
    wanted = state if step is D.COMMENTED else MOVES.get((state, step))
    assert (step in steps(state)) == (wanted is not None)
    if wanted is not None:
        assert after(state, step) is wanted
    else:
        with pytest.raises(ConflictError) as caught:
            after(state, step)
        assert str(state) in str(caught.value)
        assert str(step) in str(caught.value)


@given(st.lists(st.sampled_from(list(D))))
def test_whatever_is_tried_a_case_goes_forward_and_what_is_over_stays_over(tried: list[CaseStep]) -> None:
    order = [*OPEN, S.CLOSED, S.WITHDRAWN]
    state, taken = S.OPENED, [S.OPENED]
    for step in tried:
        if step in steps(state):
            following = after(state, step)
            assert order.index(following) >= order.index(state)
            assert state in OPEN or following is state
            state = following
            taken.append(state)
    if state is S.CLOSED:
        assert set(taken) == {*OPEN, S.CLOSED}, "every step of the way was gone"
