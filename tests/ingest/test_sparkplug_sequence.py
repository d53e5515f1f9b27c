"""A Sparkplug node's count, and when births are asked for: no broker, the clock is an argument."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ingest.sparkplug import MARK, NodeGap, Row, Sparkplug, Translated
from ingest.sparkplug_kept import KeptFile
from ingest.sparkplug_payload import Payload
from ingest.sparkplug_sequence import REORDER_US, NodeSequence

LATER = REORDER_US + 1_000


def lost(*numbers: int, born: int = 0) -> list[int]:
    """What is missing for good after these numbers came, one microsecond apart."""
    sequence = NodeSequence((born + 1) % 256)
    for at, seq in enumerate(numbers):
        sequence.observe(seq, at)
    return sequence.lost(LATER)


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [
        ((1, 2, 3), []),
        ((1, 1, 2, 2, 3), []),  # each twice
        ((1, 3, 2, 4), []),  # out of order
        ((2, 1, 4, 3, 6, 5), []),
        ((1, 4), [2, 3]),
        ((1, 4, 3), [2]),
        ((1, 4, 4, 1), [2, 3]),  # a repetition is not what is missing
        ((1, 5, 2, 2, 6), [3, 4]),
    ],
)
def test_late_and_repeated_numbers_are_no_gap(numbers: tuple[int, ...], missing: list[int]) -> None:
    assert lost(*numbers) == missing


def test_the_count_goes_round() -> None:
    assert lost(255, 0, 1, born=254) == []
    assert lost(255, 1, 0, born=254) == []
    assert lost(255, 2, born=254) == [0, 1]
    assert lost(2, born=253) == [254, 255, 0, 1]


def test_a_gap_is_told_once_and_only_when_it_stood() -> None:
    sequence = NodeSequence(1)
    sequence.observe(3, at=10)
    assert sequence.lost(10 + REORDER_US - 1) == []
    assert sequence.lost(10 + REORDER_US) == [1, 2]
    assert sequence.lost(10 + 2 * REORDER_US) == []


def message(seq: int | None, *metrics: tuple[str, int | None, float], bd: int | None = None) -> bytes:
    payload = Payload(timestamp=1_000)
    if seq is not None:
        payload.seq = seq
    for name, alias, value in metrics:
        added = payload.metrics.add(name=name, timestamp=1_000, double_value=value)
        if alias is not None:
            added.alias = alias
    if bd is not None:
        payload.metrics.add(name="bdSeq", long_value=bd, datatype=4)
    octets: bytes = payload.SerializeToString()
    return octets


class Followed:
    """One host, one node."""

    def __init__(self) -> None:
        self.host = Sparkplug(1_000_000)
        self.now = 0

    def take(self, kind: str, payload: bytes) -> bytes | None:
        return self.host.take(f"spBv1.0/steel/{kind}/gw1", payload, self.now)

    def asked(self, at: int) -> bool:
        self.now = at
        return list(self.host.rebirths(at)) == [("steel", "gw1")]


def test_a_gap_is_told_with_node_and_numbers() -> None:
    one = Followed()
    one.take("NBIRTH", message(0, ("a", 1, 0.0), bd=0))
    one.take("NDATA", message(3, ("a", None, 1.0)))
    assert not one.asked(0)
    assert one.host.gaps() == []
    assert one.asked(LATER)
    assert one.host.gaps() == [NodeGap(("steel", "gw1"), (1, 2), LATER)]
    assert one.host.gaps() == []
    assert "gw1: 2 message(s) missing, seq 1, 2" in str(NodeGap(("steel", "gw1"), (1, 2), LATER))


def test_a_node_that_answers_no_request_is_told_of() -> None:
    one = Followed()
    one.take("NDATA", message(7, ("a", None, 1.0)))
    second = 1_000_000
    assert [at for at in range(0, 60 * second, second) if one.asked(at)] == [0, 5 * second, 15 * second, 35 * second]
    assert one.host.unanswering == 1
    one.take("NBIRTH", message(0, ("a", 1, 0.0), bd=0))
    assert one.host.unanswering == 0
    assert not one.asked(120 * second)


def test_who_is_asked_over_and_over_is_told_by_the_node() -> None:
    """Not by how many there are: each is asked once after every connection to the broker that was lost."""
    minute = 60_000_000
    one = Followed()
    nodes = [f"gw{n}" for n in range(1, 31)]
    for node in nodes:
        one.host.take(f"spBv1.0/steel/NBIRTH/{node}", message(0, ("a", 1, 0.0), bd=0), 0)
    one.host.forget()
    assert len(list(one.host.rebirths(minute))) == 30
    for node in nodes:
        one.host.take(f"spBv1.0/steel/NBIRTH/{node}", message(0, ("a", 1, 0.0), bd=1), minute)
    assert not one.host.asked_often(minute)
    for at in range(2, 24):  # messages of one get lost all the time
        one.now = at * minute
        one.take("NDATA", message(7, ("", 99, 1.0)))
        assert one.asked(at * minute)
        one.take("NBIRTH", message(0, ("a", 1, 0.0), bd=at))
    assert one.host.asked_often(24 * minute) == {"steel": 1}
    assert one.host.asked_often(70 * minute) == {}


def test_a_node_that_only_never_answers_is_not_asked_over_and_over() -> None:
    one = Followed()
    second = 1_000_000
    for at in range(0, 2 * 3600 * second, second):
        if at % (60 * second) == 0:
            one.now = at
            one.take("NDATA", message(7, ("a", None, 1.0)))
        one.asked(at)
        if at % (600 * second) == 0:
            assert not one.host.asked_often(at)
    assert one.host.unanswering == 1


def test_a_dead_node_is_told_of_until_it_is_born_again() -> None:
    one = Followed()
    one.take("NBIRTH", message(0, ("a", 1, 0.0), bd=4))
    one.take("NDEATH", message(None, bd=3))  # the will of a connection before: it lives
    assert (one.host.online, one.host.dead) == (1, 0)
    one.take("NDEATH", message(None, bd=4))
    assert (one.host.online, one.host.dead) == (0, 1)
    one.take("NBIRTH", message(0, ("a", 1, 0.0), bd=5))
    assert (one.host.online, one.host.dead) == (1, 0)


def test_a_message_that_comes_twice_means_the_same_twice() -> None:
    one = Followed()
    one.take("NBIRTH", message(0, ("a", 1, 0.0), bd=0))
    data = message(1, ("a", 1, 5.0))
    first, second = one.take("NDATA", data), one.take("NDATA", data)
    assert first is not None
    assert first.startswith(MARK)
    assert first == second
    assert not one.asked(LATER)


def begun(folder: Path) -> Followed:
    """A host with what the one before kept."""
    other = Followed()
    other.host.restore(KeptFile(folder / "sparkplug.json", "broker:1883").take())
    return other


def restarted(one: Followed, folder: Path) -> Followed:
    """Another host after a clean end of the first one."""
    KeptFile(folder / "sparkplug.json", "broker:1883").write(*one.host.known(), one.host.left())
    another = KeptFile(folder / "sparkplug.json", "another:1883").read()
    assert (another.known, another.left) == ([], [])
    return begun(folder)


def born(bd: int = 0) -> Followed:
    one = Followed()
    one.take("NBIRTH", message(0, ("a", 1, 0.0), bd=bd))
    one.take("NDATA", message(1, ("", 1, 1.0)))
    return one


def read(payload: bytes | None) -> Translated:
    assert payload is not None
    return msgspec.json.decode(payload, type=Translated)


def test_after_a_restart_an_alias_means_the_same_while_the_count_goes_on(tmp_path: Path) -> None:
    one = restarted(born(), tmp_path)
    assert read(one.take("NDATA", message(2, ("", 1, 2.0)))).readings == [Row("a", 1_000, 2.0)]
    assert read(one.take("NDATA", message(3, ("", 1, 3.0)))).readings == [Row("a", 1_000, 3.0)]
    assert not one.asked(LATER), "nothing is missing: no birth has to be asked for"


def test_after_a_restart_with_something_missing_an_alias_means_nothing(tmp_path: Path) -> None:
    one = restarted(born(), tmp_path)
    kept = read(one.take("NDATA", message(3, ("", 1, 2.5))))
    assert kept.readings == []
    assert [(r.reason, r.place, r.t, r.value) for r in kept.refused] == [("unknown_alias", "alias 1", 1_000, 2.5)]
    assert one.asked(0)
    one.take("NBIRTH", message(0, ("b", 1, 0.0), bd=0))
    assert read(one.take("NDATA", message(1, ("", 1, 3.0)))).readings == [Row("b", 1_000, 3.0)]


def test_after_a_crash_a_count_proves_nothing(tmp_path: Path) -> None:
    """What stood at the clean end before would fit: the node was born again since, and its count is as far again."""
    one = restarted(born(), tmp_path)
    one.take("NBIRTH", message(0, ("b", 1, 0.0), bd=0))
    assert read(one.take("NDATA", message(1, ("", 1, 1.0)))).readings == [Row("b", 1_000, 1.0)]
    for _ in range(2):  # crashes: nothing is written
        other = begun(tmp_path)
        assert other.host.online == 0
        assert other.asked(0), "whoever was known is asked, even if it does not speak"
    told = read(other.take("NDATA", message(2, ("", 1, 2.0))))
    assert told.readings == []
    assert [(r.place, r.value) for r in told.refused] == [("alias 1", 2.0)]


def test_what_is_written_while_running_names_nodes_and_no_aliases(tmp_path: Path) -> None:
    one = born()
    assert one.host.changed
    KeptFile(tmp_path / "sparkplug.json", "broker:1883").write(*one.host.known(), [])
    one.take("NBIRTH", message(0, ("a", 1, 0.0), bd=0))
    one.take("NDATA", message(1, ("", 1, 1.0)))
    assert not one.host.changed, "nothing to write: the same node is known"
    other = begun(tmp_path)
    assert other.asked(0)
    assert read(other.take("NDATA", message(2, ("", 1, 2.0)))).readings == []


def test_a_file_that_cannot_be_replaced_is_removed(tmp_path: Path) -> None:
    """A full disk must not leave the counts of a clean end lying there for after a crash."""
    restarted(born(), tmp_path)
    KeptFile(tmp_path / "sparkplug.json", "broker:1883").write(*born().host.known(), born().host.left())
    (tmp_path / "sparkplug.new").mkdir()  # cannot be written
    assert len(KeptFile(tmp_path / "sparkplug.json", "broker:1883").take().left) == 1
    assert not (tmp_path / "sparkplug.json").exists()


def test_a_message_that_nobody_reads_any_more_ends_what_a_count_proves(tmp_path: Path) -> None:
    one = born()
    one.host.pass_over("spBv1.0/steel/NBIRTH/gw1")
    one.host.pass_over("spBv1.0/STATE/enms")
    one = restarted(one, tmp_path)
    assert read(one.take("NDATA", message(2, ("", 1, 2.0)))).readings == []
    assert one.asked(0)


def test_after_a_lost_connection_everybody_born_is_asked() -> None:
    one = born()
    one.host.forget()
    assert one.asked(0), "even before it speaks"
    assert read(one.take("NDATA", message(2, ("", 1, 2.0)))).refused


def test_a_broker_that_kept_nothing_leaves_no_births(tmp_path: Path) -> None:
    one = restarted(born(), tmp_path)
    one.host.forget()
    assert read(one.take("NDATA", message(2, ("", 1, 2.0)))).refused
    assert one.asked(0)


def test_a_death_while_nobody_listened_ends_what_was_announced(tmp_path: Path) -> None:
    one = restarted(born(bd=4), tmp_path)
    one.take("NDEATH", message(None, bd=4))
    assert one.host.dead == 1
    assert read(one.take("NDATA", message(2, ("", 1, 2.0)))).refused
    assert one.host.dead == 0, "it speaks"
    assert one.asked(0)


def test_a_dead_node_is_told_of_over_a_restart_and_for_a_week(tmp_path: Path) -> None:
    one = born()
    one.take("NDEATH", message(None, bd=0))
    assert one.host.died() == [("steel", "gw1")]
    one = restarted(one, tmp_path)
    assert one.host.died() == [("steel", "gw1")], "the log of the new process names it, too"
    day = 86_400_000_000
    assert not one.asked(6 * day)
    assert one.host.dead == 1
    assert not one.asked(7 * day)
    assert one.host.dead == 0


def test_a_node_that_neither_speaks_nor_answers_for_a_day_is_dead(tmp_path: Path) -> None:
    one = restarted(born(), tmp_path)
    assert one.asked(0)
    assert one.asked(3_600_000_000)
    assert not one.asked(86_400_000_000)
    assert (one.host.unanswering, one.host.dead, one.host.online) == (0, 1, 0)


def test_a_broken_file_costs_births_only(tmp_path: Path) -> None:
    (tmp_path / "sparkplug.json").write_bytes(b'{"broker": 1')
    assert KeptFile(tmp_path / "sparkplug.json", "b").take().left == []
