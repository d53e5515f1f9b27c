"""Acknowledgements: in the order of receipt, never on another connection."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.acknowledge import Acknowledger, Delivery


def delivery(packet_id: int) -> Delivery:
    return Delivery("t", b"", 0, packet_id, 1)


@given(st.permutations(range(8)), st.integers(1, 8))
def test_in_the_order_of_receipt_whatever_is_safe_first(order: list[int], at_once: int) -> None:
    sent: list[bytes] = []
    acknowledger = Acknowledger(1, sent.append)
    deliveries = [delivery(n + 300) for n in range(8)]
    for one in deliveries:
        acknowledger.received(one)
    done: set[int] = set()
    for begin in range(0, 8, at_once):
        some = order[begin : begin + at_once]
        acknowledger.settle([deliveries[n] for n in some])
        done.update(some)
        wire = b"".join(sent)
        acknowledged = [int.from_bytes(wire[at + 2 : at + 4], "big") - 300 for at in range(0, len(wire), 4)]
        ready = next((n for n in range(8) if n not in done), 8)
        assert acknowledged == list(range(ready))
    assert len(acknowledger) == 0


def test_what_is_pending_dies_with_its_connection() -> None:
    sent: list[bytes] = []
    old, new = Acknowledger(1, sent.append), Acknowledger(2, sent.append)
    pending = delivery(7)
    old.received(pending)
    old.drop()
    new.received(delivery(7))
    for acknowledger in (old, new):
        acknowledger.settle([pending])
    assert sent == []
