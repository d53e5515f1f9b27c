"""The spool: durable, torn-tail proof, bounded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from enms.errors import EnvironmentProblem
from ingest.arrivals import Arrival
from ingest.spool import Spool, SpoolFullError


def arrivals(count: int, size: int = 100) -> list[Arrival]:
    return [Arrival(f"energy/v1/demo/gw{n}/readings", bytes([n % 256]) * size, 1_000_000 + n) for n in range(count)]


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


def same(left: list[Arrival], right: list[Arrival]) -> bool:
    return [(a.topic, a.payload, a.received_at) for a in left] == [(a.topic, a.payload, a.received_at) for a in right]


def drained(spool: Spool) -> list[Arrival]:
    found: list[Arrival] = []
    while not spool.empty:
        found += spool.oldest()
        spool.forget_oldest()
    return found


async def test_what_goes_in_comes_out_in_order_with_its_time(tmp_path: Path) -> None:
    with Spool(tmp_path, 10_000_000) as spool:
        await spool.append(arrivals(3))
        await spool.append([Arrival("energy/v1/示范/\ud800/readings", b"", -5)])
        assert not spool.empty
        found = drained(spool)
        assert same(found, [*arrivals(3), Arrival("energy/v1/示范/\ud800/readings", b"", -5)])
        assert spool.empty
        assert spool.size == 0
    assert segments(tmp_path) == []


async def test_the_next_process_finds_what_this_one_left(tmp_path: Path) -> None:
    with Spool(tmp_path, 10_000_000) as spool:
        await spool.append(arrivals(3))
        assert same(spool.oldest(), arrivals(3))  # read, not committed
    with Spool(tmp_path, 10_000_000) as spool:
        await spool.append(arrivals(1))
        assert same(drained(spool), [*arrivals(3), *arrivals(1)])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 600), flip=st.booleans())
async def test_a_torn_tail_costs_only_what_was_torn(tmp_path: Path, cut: int, flip: bool) -> None:
    for left in segments(tmp_path):
        left.unlink()
    with Spool(tmp_path, 10_000_000) as spool:
        await spool.append(arrivals(5))
    (segment,) = segments(tmp_path)
    data = segment.read_bytes()
    record = len(data) // 5
    cut = min(cut, len(data))
    torn = data[:cut]
    if flip and torn:
        torn = torn[:-1] + bytes([torn[-1] ^ 1])
    segment.write_bytes(torn)
    whole = (cut - 1) // record if flip and cut else cut // record
    with Spool(tmp_path, 10_000_000) as spool:
        assert same(drained(spool), arrivals(5)[:whole])


async def test_full_means_nothing_was_taken(tmp_path: Path) -> None:
    with Spool(tmp_path, 4_000) as spool, capture_logs() as logs:
        await spool.append(arrivals(18))
        assert logs == []
        await spool.append(arrivals(2))
        assert [line["event"] for line in logs] == ["the spool is filling"]  # at 70 %
        with pytest.raises(SpoolFullError):
            await spool.append(arrivals(20))
        assert same(drained(spool), [*arrivals(18), *arrivals(2)])
        await spool.append(arrivals(20))


async def test_a_full_disk_leaves_no_half_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Spool(tmp_path, 10_000_000) as spool:
        await spool.append(arrivals(2))
        import os

        write = os.write

        def tired(file: int, data: bytes) -> int:
            if len(data) < 300:
                raise OSError(28, "No space left on device")
            return write(file, data[:300])

        monkeypatch.setattr(os, "write", tired)
        with pytest.raises(SpoolFullError, match="No space left"):
            await spool.append(arrivals(4))
        monkeypatch.undo()
        await spool.append(arrivals(1))
        assert same(drained(spool), [*arrivals(2), *arrivals(1)])


async def test_segments_are_deleted_one_by_one(tmp_path: Path) -> None:
    with Spool(tmp_path, 100_000_000) as spool:
        for _ in range(3):
            await spool.append(arrivals(50, 100_000))
        assert len(segments(tmp_path)) == 3
        size = spool.size
        assert len(spool.oldest()) == 50
        spool.forget_oldest()
        assert spool.size == size * 2 // 3


async def test_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        Spool(tmp_path, 1000),
        pytest.raises(EnvironmentProblem, match="another ingest process"),
        Spool(tmp_path, 1000),
    ):
        pass
    with Spool(tmp_path, 1000):
        pass
