"""A file of history through a real broker, ingest and ledger, each a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import asyncpg
import pytest

from cli import replay, replaying
from cli.broker import LocalBroker
from enms.errors import MappingError, UnavailableError
from enms.settings import Settings
from ingest.mapping import MappingFile

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
STEEL = (
    Path(os.environ.get("ENMS_TEST_DATA", ROOT.parent / "shared" / "data"))
    / "steel_industry_2018"
    / "steel_industry_2018.csv"
)


@contextlib.asynccontextmanager
async def roles(settings: Settings, *names: str) -> AsyncIterator[None]:
    env = {
        **os.environ,
        "ENMS_DATABASE_URL": settings.database_url or "",
        "ENMS_MQTT_URL": settings.mqtt_url or "",
        "ENMS_DATA_DIR": str(settings.data_dir),
        "ENMS_LOG_LEVEL": "ERROR",
    }
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-m", "cli", name, cwd=ROOT, env=env) for name in names
    ]
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            await asyncio.wait_for(process.wait(), 10)


@pytest.fixture
def settings(pg_dsn: str, broker: LocalBroker, tmp_path: Path) -> Settings:
    return Settings(database_url=pg_dsn, mqtt_url=broker.url, data_dir=tmp_path / "data")


@pytest.fixture
def mapping(tmp_path: Path) -> MappingFile:
    """The example's mapping without its gauges: their last quarter hour is closed by the clock, a minute later."""
    for file in EXAMPLES.glob("steel_industry_2018*.yaml"):
        shutil.copy(file, tmp_path)
    file = tmp_path / "steel_industry_2018.yaml"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "power_factor" not in line), encoding="utf-8")
    return MappingFile(file)


def year(folder: Path, rows: int) -> Path:
    """A file in the form of the real one."""
    file = folder / "year.csv"
    columns = "date Usage_kWh Lagging_Current_Reactive.Power_kVarh Leading_Current_Reactive_Power_kVarh CO2(tCO2)"
    lines = [",".join([*columns.split(), "Lagging_Current_Power_Factor", "Leading_Current_Power_Factor"])]
    for n in range(1, rows + 1):
        end = datetime(2018, 1, 1) + timedelta(minutes=15 * n)  # noqa: DTZ001 - local, as in the file
        shown = end if end.time() != datetime.min.time() else end - timedelta(days=1)
        lines.append(f"{shown.day}/{shown.month}/{shown.year} {end.hour}:{end.minute:02d},{n},1,0,0,90,100")
    file.write_text("\ufeff" + "\n".join(lines) + "\n", encoding="utf-8")
    return file


async def intervals(dsn: str, code: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return list(
            await connection.fetch(
                "SELECT start, amount, covered_s, basis FROM interval JOIN point USING (e, p) "
                "WHERE code = $1 ORDER BY start",
                code,
            )
        )
    finally:
        await connection.close()


async def test_a_file_into_the_ledger(settings: Settings, mapping: MappingFile, tmp_path: Path) -> None:
    file = year(tmp_path, 200)
    with file.open("a") as more:
        more.write("nonsense,1,1,1,1,1,1\n4/1/2018 0:15,x,1,1,1,90,100\n")
    async with roles(settings, "ingest", "ledger"):
        summary = await replay._replay(settings, file, mapping)
        again = await replay._replay(settings, file, mapping)
    assert (summary.rows, summary.readings, summary.stored) == (202, 803, 803)
    assert [line.split(":")[0] for line in summary.bad_rows] == ["line 202", "line 203"]
    assert (summary.midnight_rows_moved, summary.refused) == (2, [])
    assert (again.stored, again.contradicted) == (803, 0)
    rows = await intervals(settings.database_url or "", "works.electricity")
    begin = datetime(2017, 12, 31, 15, tzinfo=UTC)
    assert [tuple(row) for row in rows] == [
        (begin + timedelta(minutes=15 * n), float(n + 1), 900.0, 0) for n in range(200)
    ]


async def test_what_gets_lost_is_sent_again(
    settings: Settings, broker: LocalBroker, mapping: MappingFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "_RESEND_AFTER_S", 1.0)
    file = year(tmp_path, 100)

    async def late(watcher: aiomqtt.Client) -> None:
        await anext(watcher.messages)  # ingest has no session so far: for it the broker throws the first messages away
        async with roles(settings, "ingest", "ledger"):
            await done.wait()

    done = asyncio.Event()
    async with aiomqtt.Client(broker.host, broker.port) as watcher:
        await watcher.subscribe("energy/v1/#", qos=1)
        running = asyncio.create_task(late(watcher))
        summary = await replay._replay(settings, file, mapping)
        done.set()
        await running
    assert summary.messages_resent > 0
    assert summary.stored == 400


async def test_nobody_takes_the_readings_in(
    settings: Settings, mapping: MappingFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "_GIVE_UP_AFTER_S", 0.5)
    with pytest.raises(UnavailableError, match="nothing arrives in the database"):
        await replay._replay(settings, year(tmp_path, 10), mapping)


async def test_the_ledger_does_not_run(
    settings: Settings, mapping: MappingFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "_LEDGER_GIVES_UP_AFTER_S", 0.5)
    async with roles(settings, "ingest"):
        with pytest.raises(UnavailableError, match="is `enms ledger` running"):
            await replay._replay(settings, year(tmp_path, 10), mapping)


async def test_no_broker(settings: Settings, broker: LocalBroker, mapping: MappingFile, tmp_path: Path) -> None:
    await broker.stop()
    with pytest.raises(UnavailableError, match="no broker at"):
        await replay._replay(settings, year(tmp_path, 10), mapping)


async def test_an_enterprise_nobody_knows(settings: Settings, mapping: MappingFile, tmp_path: Path) -> None:
    text = mapping.path.read_text().replace("plant: steel_industry_2018_plant.yaml\n", "")
    mapping.path.write_text(text)
    with pytest.raises(MappingError, match="line 3: enterprise: daewoo-gwangyang is unknown"):
        await replay._replay(settings, year(tmp_path, 10), MappingFile(mapping.path))


@pytest.mark.skipif(not STEEL.exists(), reason=f"NOT COVERED: {STEEL} is absent; set ENMS_TEST_DATA")
async def test_the_real_steel_year(settings: Settings) -> None:
    """Every one of the 35 040 quarter hours equals its row, and the year its sum."""
    async with roles(settings, "ingest", "ledger"):
        summary = await replay._replay(settings, STEEL, MappingFile(EXAMPLES / "steel_industry_2018.yaml"))
    assert (summary.rows, summary.readings, summary.stored) == (35_040, 210_240, 210_240)
    assert (summary.bad_rows, summary.refused, summary.contradicted) == ([], [], 0)
    with STEEL.open(encoding="utf-8-sig") as lines:
        usage = [float(row["Usage_kWh"]) for row in csv.DictReader(lines)]
    rows = await intervals(settings.database_url or "", "works.electricity")
    begin = datetime(2017, 12, 31, 15, tzinfo=UTC)
    assert len(rows) == len(usage) == 35_040
    for n, (row, amount) in enumerate(zip(rows, usage, strict=True)):
        assert tuple(row) == (begin + timedelta(minutes=15 * n), amount, 900.0, 0)
    factor = await intervals(settings.database_url or "", "works.power_factor.lagging")
    assert len(factor) == 35_040
    assert {(row["covered_s"], row["basis"]) for row in factor} == {(900.0, 0)}
    connection = await asyncpg.connect(settings.database_url)
    total = await connection.fetchval(
        "SELECT sum(amount) FROM day_total JOIN point USING (e, p) WHERE code = $1", "works.electricity"
    )
    days = await connection.fetchval(
        "SELECT count(*) FROM day_total JOIN point USING (e, p) WHERE code = $1", "works.electricity"
    )
    await connection.close()
    assert total == pytest.approx(959_636.71, rel=1e-6)
    assert days == 365
