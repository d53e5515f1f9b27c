"""Reports are recorded once, again where late data changed them, and never changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cli.reporting import make_due
from db.report_store import newest_reports, recorded_report, report_versions
from enms.carriers import TceBasis
from enms.errors import NotFoundError
from enms.report_spans import ReportKind
from enms.settings import Settings
from tests.db.test_reports import DAY, NOW, START, Works, _two_days, works

__all__ = ["works"]
BASIS = TceBasis.CALORIFIC


@pytest.fixture
async def settled(works: Works) -> Works:
    await _two_days(works)
    registered = datetime(2026, 11, 24, tzinfo=UTC) - timedelta(days=1, hours=8)
    await works.connection.execute("UPDATE enterprise SET registered_at = $1", registered)
    return works


async def _versions(works: Works, day: date = DAY) -> list[int]:
    rows = await report_versions(works.connection, works.row.e, ReportKind.DAILY, day, BASIS)
    return [row.version for row in rows]


async def test_a_day_that_is_over_is_recorded_once(settled: Works, tmp_path: Path) -> None:
    settings = Settings(reports_dir=tmp_path)
    made = await make_due(settled.connection, settings, NOW)
    assert [(m.day, m.version) for m in made] == [(date(2026, 11, 23), 1), (date(2026, 11, 24), 1), (DAY, 1)]
    files = sorted(path.name for path in (tmp_path / "works" / "daily").iterdir())
    assert {"2026-11-25-v1.json", "2026-11-25-v1.xlsx"} <= set(files)
    assert not [name for name in files if name.startswith(".")]
    assert await make_due(settled.connection, settings, NOW + timedelta(minutes=15)) == []
    assert await _versions(settled) == [1]


async def test_it_waits_for_the_hours_that_were_chosen(settled: Works) -> None:
    made = await make_due(settled.connection, Settings(reports_after_h=3), NOW)
    assert DAY not in {m.day for m in made}


async def test_late_data_adds_a_version_and_leaves_the_first(settled: Works) -> None:
    await make_due(settled.connection, Settings(), NOW)
    first = await recorded_report(settled.connection, settled.row.e, ReportKind.DAILY, DAY, BASIS, 1)
    later = NOW + timedelta(hours=5)
    await settled.connection.execute(
        "UPDATE interval SET amount = amount + 1, rev = 2, known_at = $3 WHERE p = $1 AND start = $2",
        settled.numbers["gate"], START, later,
    )  # fmt: skip
    made = await make_due(settled.connection, Settings(), later + timedelta(minutes=5))
    assert [(m.day, m.version) for m in made] == [(DAY, 2)]
    assert await _versions(settled) == [2, 1]
    again = await recorded_report(settled.connection, settled.row.e, ReportKind.DAILY, DAY, BASIS, 1)
    assert again == first
    second = await recorded_report(settled.connection, settled.row.e, ReportKind.DAILY, DAY, BASIS, 2)
    assert second.scopes[0].total.now.tce != first.scopes[0].total.now.tce


async def test_a_revision_that_changes_nothing_adds_nothing_and_is_not_looked_at_for_ever(settled: Works) -> None:
    await make_due(settled.connection, Settings(), NOW)
    later = NOW + timedelta(hours=5)
    await settled.connection.execute(
        "UPDATE interval SET rev = 2, known_at = $3 WHERE p = $1 AND start = $2",
        settled.numbers["gate"], START, later,
    )  # fmt: skip
    (made,) = await make_due(settled.connection, Settings(), later + timedelta(minutes=15))
    assert made.version is None
    assert await make_due(settled.connection, Settings(), later + timedelta(minutes=30)) == []
    assert await _versions(settled) == [1]


async def test_a_version_nobody_made(settled: Works) -> None:
    with pytest.raises(NotFoundError, match="no version 7"):
        await recorded_report(settled.connection, settled.row.e, ReportKind.DAILY, DAY, BASIS, 7)


async def test_a_month_is_made_when_its_last_day_is_over(settled: Works) -> None:
    end = datetime(2026, 11, 30, 16, tzinfo=UTC)
    for point in settled.numbers:
        await settled.put(point, 10.0, START + timedelta(days=1), end + timedelta(hours=3))
    made = await make_due(settled.connection, Settings(), end + timedelta(hours=3))
    assert [(m.kind, m.day) for m in made if m.kind is ReportKind.MONTHLY] == [(ReportKind.MONTHLY, date(2026, 11, 1))]


async def test_a_plant_that_comes_in_with_history_has_yesterdays_report(settled: Works) -> None:
    await settled.connection.execute("UPDATE enterprise SET registered_at = $1", NOW)
    made = await make_due(settled.connection, Settings(), NOW)
    assert [m.day for m in made] == [DAY]
    await settled.connection.execute("DELETE FROM report")
    await settled.connection.execute("UPDATE enterprise SET registered_at = $1", START - timedelta(days=1))
    days = [m.day for m in await make_due(settled.connection, Settings(), NOW)]
    assert date(2026, 11, 22) not in days, "nothing was known of the day before it came in"


async def test_a_report_waits_for_readings_that_the_ledger_has_not_taken_in(settled: Works) -> None:
    span = START + timedelta(hours=1), START + timedelta(hours=2)
    await settled.connection.execute(
        "INSERT INTO dirty (e, p, from_ts, to_ts) VALUES ($1, $2, $3, $4)",
        settled.row.e, settled.numbers["gate"], *span,
    )  # fmt: skip
    made = await make_due(settled.connection, Settings(), NOW)
    assert [m.day for m in made if m.waits] == [DAY]
    assert await _versions(settled) == []
    await settled.connection.execute("DELETE FROM dirty")
    assert [m.day for m in await make_due(settled.connection, Settings(), NOW)] == [DAY]


async def test_the_last_version_of_every_report_is_listed(settled: Works) -> None:
    await make_due(settled.connection, Settings(), NOW)
    listed = await newest_reports(settled.connection, [settled.row.e], ReportKind.DAILY, 2)
    assert [(one.day, one.version) for one in listed] == [(DAY, 1), (date(2026, 11, 24), 1)]
    assert await newest_reports(settled.connection, [settled.row.e], ReportKind.MONTHLY, 2) == []
