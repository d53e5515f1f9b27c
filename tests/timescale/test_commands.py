"""`enms storage` and the daily turn, as an operator meets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from cli.housekeeping import next_turn, tidy
from cli.main import app
from enms.settings import Settings
from tests.timescale.conftest import T0, WEEK, Store, put, series


def run(dsn: str, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["storage", *arguments], env={"ENMS_DATABASE_URL": dsn})
    structlog.reset_defaults()  # the command's logs went where its standard error was
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def old() -> datetime:
    """Two thousand days ago, at a week's beginning."""
    now = datetime.now(UTC)
    return T0 + ((now - timedelta(days=2000) - T0) // WEEK) * WEEK


async def filled(store: Store, since: datetime) -> None:
    await put(store, series(store, "a", since, 7 * 288))
    await put(store, series(store, "a", datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1), 5))
    await store.pool.execute(
        "INSERT INTO point_state (e, p, first_ts, newest_ts) VALUES ($1, $2, $3, $3)", store.e, store.p["a"], since
    )


def test_status_of_an_empty_database(store_dsn: str) -> None:
    assert "oldest reading: none; kept: 1096 days" in run(store_dsn, "status")


async def test_a_day_of_housekeeping(store: Store, old: datetime) -> None:
    await filled(store, old)
    now = datetime.now(UTC)
    async with store.pool.acquire() as connection:
        assert (await tidy(connection, Settings(retention_days=0), now)).cutoff is None
        assert await connection.fetchval("SELECT count(*) FROM reading") == 7 * 288 + 5
        done = await tidy(connection, Settings(), now)
        assert done.cutoff is not None
        assert done.sealed == 1
        assert await connection.fetchval("SELECT count(*) FROM reading") == 5


def test_retention_asks_first_and_compression_says_what_it_did(store_dsn: str) -> None:
    assert "Aborted" in run(store_dsn, "retain", code=1)
    assert "nothing is that old" in run(store_dsn, "retain", "--yes")
    assert run(store_dsn, "compress").startswith(("compressed 0 chunks", "this engine does not compress"))
    run(store_dsn, "retain", "--days", "3", code=2)


def test_backup_check_restore(store_dsn: str, empty_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    assert "0 rows in 0 tables" in run(store_dsn, "backup", str(file))
    assert "exists already" in run(store_dsn, "backup", str(file), code=1)
    assert "sound" in run(store_dsn, "check", str(file))
    assert "every table is as it was saved" in run(empty_dsn, "restore", str(file))
    assert "b.zip" not in run(store_dsn, "backup", str(tmp_path))


def test_no_database(tmp_path: Path) -> None:
    assert "does not answer" in run("postgresql://127.0.0.1:1/none", "backup", str(tmp_path / "b.zip"), code=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("now", "turn"),
    [
        ("2026-03-01T18:59:59+00:00", "2026-03-01T19:00:00+00:00"),  # 03:00 in Shanghai
        ("2026-03-01T19:00:00+00:00", "2026-03-02T19:00:00+00:00"),
    ],
)
def test_the_turn_is_at_the_local_hour(now: str, turn: str) -> None:
    assert next_turn(datetime.fromisoformat(now), Settings()) == datetime.fromisoformat(turn)


@pytest.mark.parametrize("days", [1, 34])
def test_a_slip_of_the_pen_does_not_cost_the_readings(days: int) -> None:
    with pytest.raises(ValueError, match="at least 35 days"):
        Settings(retention_days=days)
