"""Rules processes that are killed while they judge and send; `enms bench --only rules_crash` kills more of them."""

from __future__ import annotations

import pytest

from bench.rules_crash import Receiver, crash, motors
from bench.stand import scratch, stand


@pytest.mark.parametrize("processes", [1, 2])
async def test_killed_while_judging_and_sending_nothing_is_missed_doubled_or_rekeyed(processes):
    """Two at once take turns: neither fires what the other did, and one goes on where the other died."""
    with scratch() as folder:
        async with stand(folder, points=0, plant=motors(5)) as built, Receiver.open() as receiver:
            found = await crash(built, receiver, 4, 5, processes=processes)
    assert found.alerts == 10
    assert (found.missed, found.doubled, found.unsent, found.rekeyed) == (0, 0, 0, 0)
