"""A small plant, and what the tests of ingest ask of the database."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg
import pytest

from db.plant_load import load_plant
from enms.plant_file import parse_plant
from ingest.messages import Decoder
from ingest.pipeline import Pipeline
from ingest.registry import Registry

REGISTERED = datetime(2026, 1, 1, tzinfo=UTC)
PLANT = """
enterprise: {code: demo, name: {zh: 示范, en: Demo}, industry: other}
processes:
  - {code: line, name: {zh: 一线, en: Line}, kind: other}
points:
  - {code: a, process: line, carrier: electricity, unit: kWh}
  - {code: b, process: line, carrier: electricity, reading: gauge, unit: kW}
  - {code: c, process: line, carrier: electricity, unit: kWh}
  - {code: out, process: line, role: output, reading: interval, unit: t, period_s: 3600}
  - {code: net, process: line, carrier: electricity, virtual: [{point: a, sign: 1}, {point: c, sign: -1}]}
"""


@pytest.fixture
async def plant(db_pool: asyncpg.Pool) -> asyncpg.Pool:
    """The pool of a database that knows enterprise `demo`."""
    async with db_pool.acquire() as connection:
        await load_plant(connection, parse_plant(PLANT, "test"), now=REGISTERED)
    return db_pool


@pytest.fixture
def pipeline(plant: asyncpg.Pool) -> Pipeline:
    return Pipeline(Decoder(1_048_576), Registry(plant), 20_000)
