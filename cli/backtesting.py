"""The API's door to the rules: what a rule would have raised, one question at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

import asyncpg

from db.plants import EnterpriseRow
from enms.backtest import Backtest
from enms.errors import Mistake, RuleBookError
from rules.backtest import backtest
from rules.book import rule_of

# About half a minute of one processor; the command line has no such limit.
MOST_STEPS = 1_000_000


class BacktestDoor:
    """What `api.deps.Backtester` asks for."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._one = asyncio.Semaphore(1)

    def mistakes(self, entry: Mapping[str, object]) -> tuple[Mistake, ...]:
        try:
            rule_of(entry)
        except RuleBookError as problem:
            return problem.mistakes
        return ()

    async def __call__(
        self, enterprise: EnterpriseRow, entry: Mapping[str, object], start: datetime | None, end: datetime
    ) -> Backtest:
        async with self._one, self._pool.acquire() as connection:
            return await backtest(connection, enterprise, rule_of(entry), start, end, most_steps=MOST_STEPS)
