"""An EnPI's page: limit, band, unknown explained; and which shift was better."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx

from api.console.enpi_shifts import compare
from db.views import ShiftRow
from enms.performance import EnpiValue, State
from tests.api.seed import GAPPY

EN = {"Accept-Language": "en"}
ZONE = ZoneInfo("Asia/Shanghai")
SHIFTS = [ShiftRow(code, timedelta(hours=8 * n), timedelta(hours=8 * n + 8)) for n, code in enumerate(("a", "b", "c"))]
MIDNIGHT = datetime(2026, 11, 20, 16, tzinfo=UTC)


def shift(n: int, value: float | None, output: float = 100.0, half: float = 2.0, complete: float = 1.0) -> EnpiValue:
    start = MIDNIGHT + n * timedelta(hours=8)
    low, high = (None, None) if value is None else (value - half, value + half)
    return EnpiValue(
        start=start, end=start + timedelta(hours=8), value=value, low=low, high=high, unit="kgce/t",
        completeness=complete, estimated_share=0.0, state=State.KNOWN if value is not None else State.UNKNOWN,
        reason=None, energy_kgce=None, output=output, whole_energy_kgce=None, whole_output=output, output_unit="t",
        limit=None, provisional=False, inputs=(),
    )  # fmt: skip


def test_shifts_are_weighed_by_output_and_a_small_difference_says_nothing() -> None:
    values = [shift(0, 400, 100), shift(1, 390), shift(2, 391), shift(3, 420, 300), shift(4, 390), shift(5, 391)]
    a, b, c = compare(values, SHIFTS, ZONE)
    assert a.value == 415.0
    assert (b.best, b.behind) == (True, None)
    assert a.sure
    assert c.behind == 1.0
    assert not c.sure
    assert (a.known, a.shifts) == (2, 2)


def test_a_shift_that_nobody_metered_is_never_the_best() -> None:
    values = [shift(0, 400), shift(1, None), shift(2, 300, complete=0.4)]
    a, b, c = compare(values, SHIFTS, ZONE)
    assert a.best
    assert (b.value, b.known, b.shifts) == (None, 0, 1)
    assert (c.value, c.known, c.shifts) == (None, 0, 1)


async def test_the_page_says_what_it_is_made_of_and_why_it_is_unknown(client: httpx.AsyncClient) -> None:
    text = (await client.get("/e/seed-steel/enpi/1", headers=EN)).text
    assert "BF1 process energy" in text
    assert f'href="/points/seed-steel/{GAPPY}"' in text
    assert "GB 21256" in text
    assert "unreviewed" in text or "no limit binds it" in text
    assert 'data-chart="enpi"' in text
    assert "format=csv" in text
    assert '<a href="/e/seed-steel/enpi/1">' in (await client.get("/e/seed-steel", headers=EN)).text


async def test_chart_data_has_bands_and_gaps(client: httpx.AsyncClient) -> None:
    data = (await client.get("/e/seed-steel/enpi/1/values.json?resolution=day", headers=EN)).json()
    assert data["unit"] == "kgce/t"
    known = [row for row in data["rows"] if row[2] is not None]
    assert known
    assert all(row[3] <= row[2] <= row[4] for row in known)
    assert all(row[7] for row in data["rows"] if row[2] is None), "unknown has its reason"


async def test_spans_live_in_the_address(client: httpx.AsyncClient) -> None:
    text = (await client.get("/e/seed-steel/enpi/1?from=2026-11-21&to=2026-11-22", headers=EN)).text
    assert "2026-11-21" in text
    assert (await client.get("/e/seed-steel/enpi/1?from=2020-01-01&to=2026-01-01")).status_code in {400, 413, 422}
    assert (await client.get("/e/seed-steel/enpi/99")).status_code == 404
    assert (await client.get("/e/seed-power/enpi/1")).status_code == 404
