"""`enms report` writes files, and says clearly what it cannot do."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli import housekeeping
from enms.settings import Settings
from tests.db.test_reports import Works, _two_days, works
from tests.waiting import eventually

__all__ = ["works"]
ROOT = Path(__file__).parents[2]


async def _enms(dsn: str, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *arguments,
        cwd=ROOT, env={**os.environ, "ENMS_DATABASE_URL": dsn},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_a_report_as_a_file(works: Works, pg_dsn: str, tmp_path: Path) -> None:
    await _two_days(works)
    file = tmp_path / "day.json"
    code, said = await _enms(
        pg_dsn, "report", "daily", "--enterprise", "works", "--date", "2026-11-25", "--out", str(file)
    )
    assert code == 0, said
    assert json.loads(file.read_text(encoding="utf-8"))["day"] == "2026-11-25"
    assert "2026-11-25" in said


async def test_what_it_cannot_do_is_one_line(works: Works, pg_dsn: str, tmp_path: Path) -> None:
    for arguments, reason in (
        (("--enterprise", "nobody"), "unknown enterprise"),
        (("--enterprise", "works", "--date", "2026-13-01"), "not a day"),
        (("--enterprise", "works", "--out", str(tmp_path / "day.docx")), "--out"),
    ):
        code, said = await _enms(pg_dsn, "report", "daily", *arguments)
        assert code == 1
        assert reason in said
        assert len(said.strip().splitlines()) == 1


async def test_housekeeping_makes_what_is_due(
    works: Works, pg_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_REPORTS_SOON_S", 0.05)
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for point in works.numbers:
        await works.put(point, 10.0, end - timedelta(days=3), end)
    await works.connection.execute("UPDATE enterprise SET registered_at = $1", end - timedelta(days=2))
    stop = asyncio.Event()
    settings = Settings(database_url=pg_dsn, reports_dir=tmp_path, reports_after_h=0)
    role = asyncio.create_task(housekeeping.work(settings, stop))
    try:
        await eventually(lambda: works.connection.fetchval("SELECT count(*) FROM report"), 60)
    finally:
        stop.set()
        await role
    assert list((tmp_path / "works" / "daily").glob("*-v1.xlsx"))
