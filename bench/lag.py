"""How far the ledger is behind when readings stop coming as fast as ingest takes them."""

from __future__ import annotations

import time

from bench.figures import Bench, Figure, Options, figure
from bench.publisher import Publisher
from bench.stand import stand, until
from bench.throughput import PER_MESSAGE, READINGS, committed, packets

POINTS = 1_000
_PROMISED_S = 10.0


async def _measure(options: Options) -> list[Figure]:
    count = options.scaled(READINGS, least=100_000) // PER_MESSAGE * PER_MESSAGE
    async with stand(options.folder, points=POINTS) as built:
        ingest, ledger = await built.start("ingest"), await built.start("ledger")
        ready = list(packets(built.points, count, PER_MESSAGE))
        begun = time.perf_counter()
        async with Publisher(built.broker.host, built.broker.port, "bench-publisher", window=200) as publisher:
            await publisher.send(ready)
            await committed(ingest, count)
        stopped = time.perf_counter()

        async def derived() -> bool:
            return not await built.pool.fetchval("SELECT EXISTS (SELECT FROM dirty)")

        await until(derived, within_s=600)
        lag = time.perf_counter() - stopped
        rate = count / (stopped - begun)
        options.say(f"{rate:,.0f} readings/s, then {lag:.2f} s; ledger took {ledger.cpu_s():.1f} s of processor")
        closed = await built.pool.fetchval("SELECT count(*) FROM interval")
        assert closed > 0, "the ledger has published nothing"
    conditions = (
        f"until no span waits, after {count} readings of {POINTS} points at {rate:,.0f} readings/s ({PER_MESSAGE} a "
        f"message) with ingest, ledger, publisher, {built.broker.kind} and database on this machine; limit: promised; "
        f"{closed} quarter hours were published"
    )
    return [figure("ledger_lag_at_the_end", lag, "s", _PROMISED_S, conditions)]


BENCH = Bench(("ledger_lag_at_the_end",), 60, _measure)
