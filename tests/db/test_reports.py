"""Daily and monthly reports from the ledger: totals by balance, comparisons, and what is not known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from api.reports.tables import document
from db.crews import record_roster
from db.performance import Asked, values_of_many
from db.plant_load import load_plant
from db.plants import EnterpriseRow, enterprise
from db.reports import read_report
from enms.errors import ConflictError
from enms.performance import EnpiValue
from enms.plant_file import parse_plant
from enms.report import NoComparison, Report
from enms.report_spans import ReportKind
from enms.roster import Roster

QUARTER = timedelta(minutes=15)
DAY = date(2026, 11, 25)
# Midnight in Shanghai.
START = datetime(2026, 11, 24, 16, tzinfo=UTC)
MONTH = datetime(2026, 10, 31, 16, tzinfo=UTC)
NOW = START + timedelta(days=1, hours=2)
PLANT = parse_plant(
    """
enterprise: {code: works, name: {zh: 钢厂, en: Works}, industry: steel,
             shifts: [{code: night, from: "00:00", to: "08:00"}, {code: day, from: "08:00", to: "16:00"},
                      {code: eve, from: "16:00", to: "24:00"}]}
factors:
  - {carrier: coke, unit: kg, kgce: 1.0, source: round figures for tests}
processes:
  - {code: bf1, name: {zh: 1号高炉, en: Furnace 1}, kind: blast_furnace, commissioned: 2006-05-01}
  - {code: roll, name: {zh: 轧钢, en: Rolling}, kind: hot_rolling}
points:
  - {code: gate, carrier: electricity, role: purchased, unit: MWh}
  - {code: feedin, carrier: electricity, role: sold, unit: MWh}
  - {code: bf1.elec, process: bf1, carrier: electricity, unit: kWh}
  - {code: roll.elec, process: roll, carrier: electricity, unit: kWh}
  - {code: bf1.coke, process: bf1, carrier: coke, reading: register, unit: kg, resolution: 1, accuracy_class: 0.5}
  - {code: bf1.output, process: bf1, role: output, reading: interval, unit: t, period_s: 3600, accuracy_class: 0.5}
enpis:
  - {code: bf1.energy, process: bf1, limit: {standard: GB 21256, item: blast_furnace},
     energy: [{point: bf1.coke}], output: [bf1.output]}
""",
    "test",
)


class Works:
    def __init__(self, connection: asyncpg.Connection, row: EnterpriseRow, numbers: dict[str, int]) -> None:
        self.connection, self.row, self.numbers = connection, row, numbers

    async def put(self, point: str, a_quarter: float | None, start: datetime, end: datetime) -> None:
        if a_quarter is not None:
            await self.connection.execute(
                "INSERT INTO interval SELECT $1, $2, g, $3, 900, 0, 0, 0, false, 1, g + interval '15 minutes'"
                " FROM generate_series($4::timestamptz, $5::timestamptz - interval '15 minutes', '15 minutes') AS g"
                " ON CONFLICT DO NOTHING",
                self.row.e, self.numbers[point], a_quarter, start, end,
            )  # fmt: skip
        await self.connection.execute(
            "INSERT INTO point_state (e, p, first_ts, newest_ts, closed_until) VALUES ($1, $2, $3, $4, $4)"
            " ON CONFLICT (e, p) DO UPDATE SET first_ts = least(point_state.first_ts, excluded.first_ts),"
            " closed_until = greatest(point_state.closed_until, excluded.closed_until)",
            self.row.e, self.numbers[point], start, end,
        )  # fmt: skip

    async def report(self, kind: ReportKind = ReportKind.DAILY, day: date = DAY, now: datetime = NOW) -> Report:
        return await read_report(self.connection, self.row, kind, day, now=now)


@pytest.fixture
async def works(db_pool: asyncpg.Pool):
    async with db_pool.acquire() as connection:
        await load_plant(connection, PLANT, now=datetime(2024, 1, 1, tzinfo=UTC))
        numbers = {row["code"]: row["p"] for row in await connection.fetch("SELECT p, code FROM point")}
        yield Works(connection, await enterprise(connection, "works"), numbers)


async def _two_days(works: Works, *, gate: float = 12.0) -> None:
    before, end = START - timedelta(days=1), START + timedelta(days=1)
    for point, a_quarter in (("feedin", 2.0), ("bf1.elec", 3000.0), ("roll.elec", 3000.0), ("bf1.output", 25.0)):
        await works.put(point, a_quarter, before, end)
    await works.put("gate", 10.0, before, START)
    await works.put("gate", gate, START, end)
    await works.put("bf1.coke", 10_000.0, before, START)
    await works.put("bf1.coke", 11_000.0, START, end)


async def test_the_total_is_what_was_bought_less_sold_never_the_processes(works: Works) -> None:
    await _two_days(works)
    day = (await works.report()).scopes[0]
    power = next(line for line in day.carriers if line.carrier == "electricity")
    assert (power.now.amount, power.unit) == (pytest.approx(96 * 10.0), "MWh")
    assert power.now.tce == pytest.approx(960 * 0.1229, rel=1e-3)
    assert power.to_before.share == pytest.approx(960 / 768 - 1)
    coke = next(line for line in day.carriers if line.carrier == "coke")
    assert day.total.now.tce == pytest.approx(power.now.tce + coke.now.tce)
    furnace, rolling = day.processes
    assert furnace.total.now.tce == pytest.approx(96 * (11.0 + 3 * 0.1229), rel=1e-3)
    assert rolling.carriers[0].now.amount == pytest.approx(96 * 3000.0)


async def test_nothing_is_compared_with_a_year_nobody_metered(works: Works) -> None:
    await _two_days(works)
    report = await works.report()
    for scope in report.scopes:
        assert scope.total.year_ago is not None
        assert scope.total.year_ago.tce is None
        assert scope.total.to_year_ago.share is None
        assert scope.total.to_year_ago.why in {NoComparison.UNKNOWN_THEN, NoComparison.INCOMPLETE_NOW}
    # two days are not the month: it is shown, with how little of it is known, and not compared
    month = report.scopes[1]
    assert month.total.now.completeness == pytest.approx(2 / 25)
    assert month.total.to_year_ago.why is not None


async def test_a_missing_purchase_makes_the_total_unknown_and_names_it(works: Works) -> None:
    await _two_days(works)
    await works.connection.execute(
        "DELETE FROM interval WHERE p = $1 AND start >= $2", works.numbers["bf1.coke"], START
    )
    report = await works.report()
    total = report.scopes[0].total
    assert total.now.tce is None
    assert total.unknown == ("coke: bf1.coke: no data",)
    assert total.known_tce == pytest.approx(960 * 0.1229, rel=1e-3)
    assert total.to_before.why is NoComparison.UNKNOWN_NOW
    assert report.missing[0].point == "bf1.coke"
    assert report.missing[0].completeness == 0.0
    (enpi,) = report.scopes[0].enpis
    assert (enpi.value, enpi.verdict) == (None, "unknown")
    assert "energy_missing" in (enpi.reason or "")


async def test_an_enpi_stands_against_its_limit_with_range_and_completeness(works: Works) -> None:
    await _two_days(works)
    (enpi,) = (await works.report()).scopes[0].enpis
    assert enpi.value == pytest.approx(440.0)
    assert enpi.low is not None
    assert enpi.high is not None
    assert enpi.low < 440 < enpi.high
    assert enpi.before == pytest.approx(400.0)
    assert enpi.to_before.share == pytest.approx(0.1)
    assert enpi.completeness == 1.0
    assert enpi.level == 3
    assert enpi.edition is not None


async def test_an_open_day_is_compared_up_to_its_clock_time(works: Works) -> None:
    await _two_days(works)
    tomorrow = START + timedelta(days=1)
    for point in works.numbers:
        await works.put(point, 10.0, tomorrow, tomorrow + timedelta(hours=6))
    report = await works.report(day=DAY + timedelta(days=1), now=tomorrow + timedelta(hours=6, minutes=5))
    day = report.scopes[0]
    assert not report.whole
    assert day.until == tomorrow + timedelta(hours=6)
    power = next(line for line in day.carriers if line.carrier == "electricity")
    assert power.before is not None
    assert power.before.amount == pytest.approx(24 * 10.0)


async def test_a_day_to_come_has_no_figures_and_no_zeros(works: Works) -> None:
    await _two_days(works)
    report = await works.report(day=DAY + timedelta(days=30))
    assert report.scopes[0].carriers == ()
    assert report.scopes[0].total.now.tce is None


async def test_shifts_are_held_against_the_week_before_and_the_parts_add_up(works: Works) -> None:
    await _two_days(works)
    (comparison,) = (await works.report()).shifts
    assert [run.shift for run in comparison.runs] == ["night", "day", "eve"]
    run = comparison.runs[0]
    assert run.usual == pytest.approx(400.0)
    assert run.delta == pytest.approx(40.0)
    assert sum(part.delta or 0.0 for part in run.contributions) == pytest.approx(40.0)


async def test_a_month_and_its_year(works: Works) -> None:
    await _two_days(works)
    report = await works.report(ReportKind.MONTHLY)
    assert [scope.cut for scope in report.scopes] == ["month", "year"]
    assert report.day == date(2026, 11, 1)
    assert not report.whole


STATION = parse_plant(
    """
enterprise: {code: station, name: {zh: 电厂, en: Station}, industry: power}
points:
  - {code: coal, carrier: raw_coal, role: purchased, unit: t, ncv: coal.ncv}
  - {code: coal.ncv, role: property, reading: gauge, unit: kJ/kg, period_s: 28800}
""",
    "test",
)


async def test_an_amount_without_its_heating_value_is_no_part_of_a_sum(db_pool: asyncpg.Pool) -> None:
    end = START + timedelta(days=1)
    async with db_pool.acquire() as connection:
        await load_plant(connection, STATION, now=datetime(2024, 1, 1, tzinfo=UTC))
        numbers = {row["code"]: row["p"] for row in await connection.fetch("SELECT p, code FROM point")}
        station = Works(connection, await enterprise(connection, "station"), numbers)
        await station.put("coal", 1.0, START, end)
        await station.put("coal.ncv", 20_000.0, START, START + timedelta(hours=16))
        await connection.execute("UPDATE point_state SET closed_until = $1", end)
        day = (await station.report()).scopes[0]
    (coal,) = day.carriers
    assert (coal.now.amount, coal.now.tce, coal.now.tco2) == (pytest.approx(96.0), None, None)
    assert "heating value coal.ncv missing" in (coal.now.reason or "")
    assert day.total.now.tce is None
    assert day.total.unknown[0].startswith("raw_coal")


ROSTER = Roster.model_validate(
    {
        "starts": "2026-11-01",
        "crews": [
            {"code": "a", "name": {"zh": "甲班", "en": "Crew A"}},
            {"code": "b", "name": {"zh": "乙班", "en": "Crew B"}},
        ],
        "days": [{"night": "a", "day": "b"}, {"night": "b", "day": "a"}],
    }
)


@pytest.mark.parametrize("kind", list(ReportKind))
async def test_crews_are_compared_over_the_month_with_hours_output_and_range(works: Works, kind: ReportKind) -> None:
    """The 24th (of the roster's second kind) and the 25th: each crew has a night and a day; nobody has the evening."""
    await _two_days(works)
    assert (await works.report(kind)).crews == ()
    await record_roster(works.connection, works.row, ROSTER, actor="test", now=NOW)
    report = await works.report(kind)
    assert report.crew_names == (("a", "甲班", "Crew A"), ("b", "乙班", "Crew B"))
    (furnace,) = report.crews
    assert (furnace.enpi, furnace.runs, furnace.by_shift) == ("bf1.energy", (), ())
    assert [(one.shift, one.known, one.hours) for one in furnace.by_crew] == [("a", 2, 16.0), ("b", 2, 16.0)]
    every = furnace.all_crews
    assert every is not None
    # coke alone: 10 t a quarter hour on the 24th, 11 t on the 25th, over 25 t of iron
    assert every.value == pytest.approx(10_500 / 25, rel=1e-3)
    assert (every.hours, every.output) == (32.0, pytest.approx(4 * 32 * 25.0))
    for one in furnace.by_crew:
        assert one.value == pytest.approx(every.value)
        assert one.delta == pytest.approx(0.0, abs=1e-9)
        assert one.low is not None
        assert one.high is not None
        assert one.low < (one.value or 0.0) < one.high
        # days of the month before anything was metered are not metered
        assert one.completeness == pytest.approx(2 / one.shifts)
    await works.connection.execute(
        "DELETE FROM interval WHERE p = $1 AND start >= $2 AND start < $3",
        works.numbers["bf1.output"], START, START + timedelta(hours=8),
    )  # fmt: skip
    (furnace,) = (await works.report(kind)).crews
    known = {one.shift: (one.known, one.shifts, one.completeness) for one in furnace.by_crew}
    worked = min(known, key=lambda crew: known[crew][0])
    assert known[worked] == (1, 25, pytest.approx(1 / 25))


EVERY_SHIFT = Roster.model_validate(
    {
        "starts": "2026-11-01",
        "crews": [{"code": "a"}, {"code": "b"}],
        "days": [{"night": "a", "day": "b", "eve": "b"}, {"night": "b", "day": "a", "eve": "b"}],
    }
)


@pytest.mark.parametrize("kind", list(ReportKind))
async def test_a_night_that_stood_idle_stays_its_crews_and_the_months(works: Works, kind: ReportKind) -> None:
    """Left out, the crew whose furnace burnt coke for nothing would look the better for it."""
    await _two_days(works)
    await record_roster(works.connection, works.row, EVERY_SHIFT, actor="test", now=NOW)
    await works.connection.execute(
        "UPDATE interval SET amount = 0 WHERE p = $1 AND start >= $2 AND start < $3",
        works.numbers["bf1.output"], START, START + timedelta(hours=8),
    )  # fmt: skip
    report = await works.report(kind)
    (furnace,) = report.crews
    (month,) = next(scope.enpis for scope in report.scopes if scope.cut == "month")
    a, b, every = *furnace.by_crew, furnace.all_crews
    # the night of the 25th: 352 t of coke and no iron; that of the day before: 320 t and 800 t
    assert (a.energy_tce, a.output, a.value) == (pytest.approx(672.0), pytest.approx(800.0), pytest.approx(840.0))
    assert (a.known, a.idle, a.hours, b.idle) == (2, 1, 16.0, 0)
    assert every is not None
    assert (every.known, every.idle, every.hours) == (6, 1, 48.0)
    assert a.energy_tce is not None
    assert b.energy_tce is not None
    assert every.energy_tce == pytest.approx(a.energy_tce + b.energy_tce)
    # all crews together are the month to date of the same report
    assert (every.energy_tce, every.output) == (pytest.approx(month.energy_tce), pytest.approx(month.output))
    assert every.value == pytest.approx(month.value) == pytest.approx(504.0)
    assert a.low is not None
    assert a.high is not None
    # 0.5 % of coke and iron alike in the night that worked, 0.5 % of coke in the one that did not
    assert (a.high - a.low) / 2 == pytest.approx(400 * 0.005 * 2**0.5 + 352_000 * 0.005 / 800, rel=1e-3)
    if kind is ReportKind.MONTHLY:
        (shifts,) = report.shifts
        night = next(one for one in shifts.by_shift if one.shift == "night")
        assert (night.value, night.idle) == (pytest.approx(840.0), 1)


@pytest.mark.parametrize(
    ("kind", "roster", "wanted"),
    [
        (ReportKind.MONTHLY, True, [MONTH]),
        (ReportKind.MONTHLY, False, [MONTH]),
        (ReportKind.DAILY, True, [MONTH, START - timedelta(days=7)]),
        (ReportKind.DAILY, False, [START - timedelta(days=7)]),
    ],
)
async def test_no_shift_is_read_that_a_report_does_not_tell_of(
    works: Works, monkeypatch: pytest.MonkeyPatch, kind: ReportKind, roster: bool, wanted: list[datetime]
) -> None:
    """The month's once, by shift and by crew, and no week before it; the day's with theirs."""
    await _two_days(works)
    if roster:
        await record_roster(works.connection, works.row, ROSTER, actor="test", now=NOW)
    asked: list[datetime] = []

    async def counted(connection: asyncpg.Connection, every: list[Asked]) -> list[list[EnpiValue] | ConflictError]:
        asked.extend(one.from_ for one in every)
        return await values_of_many(connection, every)

    monkeypatch.setattr("db.shift_comparison.values_of_many", counted)
    report = await works.report(kind)
    assert asked == wanted
    assert bool(report.crews) == roster
    assert [bool(one.runs) for one in report.shifts] == [kind is ReportKind.DAILY]
    assert all(one.by_shift for one in report.shifts)


async def _raise(
    works: Works, subject: str, started: datetime, fired: datetime, resolved: datetime | None = None
) -> None:
    await works.connection.execute(
        "INSERT INTO rule_version (e, rule, version, sha256, recorded_at, file, kind, purpose, severity, cadence, unit,"
        " title_zh, title_en, source, definition) VALUES ($1, 'r', 1, 'x', $2, 'x.yaml', 'enpi_limit', 'operational',"
        " 'warning', 'interval', 'kgce/t', '规则', 'Rule', 'x', '{}') ON CONFLICT DO NOTHING",
        works.row.e, started,
    )  # fmt: skip
    await works.connection.execute(
        "INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, closed, started_at,"
        " fired_at, resolved_at, detected_at, unit, late) VALUES ($1, 'r', 1, $2, 'enpi_limit', 'operational',"
        " 'warning', $3, $4, $5, $6, $7, $6, 'kgce/t', false)",
        works.row.e, subject, *(("firing", None) if resolved is None else ("resolved", "cleared")),
        started, fired, resolved,
    )  # fmt: skip


def _told(report: Report) -> dict[str, tuple[bool, bool, bool]]:
    return {a.subject: (a.raised_within, a.raised_later, a.open_at_end) for a in report.alerts}


async def test_an_alert_about_a_day_is_in_the_report_of_that_day(works: Works) -> None:
    """A rule by the day raises when the day is over: at its very end, and no later day is the alert's own."""
    day, hour = timedelta(days=1), timedelta(hours=1)
    end = START + day
    await _raise(works, "the day", START, end, end + day)
    await _raise(works, "the day before", START - day, START, end)
    await _raise(works, "over when it began", START - 2 * day, START - day, START)
    await _raise(works, "the day after", end, end + day)
    await _raise(works, "over midnight", end - hour, end + hour)
    await _raise(works, "within", START + hour, START + 2 * hour, START + 3 * hour)
    report = await works.report()
    assert _told(report) == {
        "over midnight": (False, True, False),
        "the day": (True, False, True),
        "within": (True, False, False),
        "the day before": (False, False, False),
    }
    assert next(a for a in report.alerts if a.subject == "the day before").resolved_at == end
    assert _told(await works.report(day=DAY - day))["the day before"] == (True, False, True)
    month_end = datetime(2026, 11, 30, 16, tzinfo=UTC)
    await _raise(works, "the month", MONTH, month_end)
    assert _told(await works.report(ReportKind.MONTHLY))["the month"] == (True, False, True)


async def test_alerts_of_later_days_take_no_place_and_what_is_left_out_is_said(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.reports._MOST_ALERTS", 3)
    day = timedelta(days=1)
    await _raise(works, "own", START, START + day, START + 2 * day)
    for n in range(4):
        await _raise(works, f"later {n}", START + (n + 2) * day, START + (n + 3) * day, START + (n + 4) * day)
    report = await works.report()
    assert ([a.subject for a in report.alerts], report.alerts_left_out) == (["own"], 0)
    for n in range(4):
        await _raise(works, f"too {n}", START + n * timedelta(hours=1), START + (n + 1) * timedelta(hours=1))
    report = await works.report()
    assert ([a.subject for a in report.alerts], report.alerts_left_out) == (["own", "too 3", "too 2"], 2)
    for language, said in (("en", "2 more alerts are not"), ("zh", "另有 2 条未列出")):
        made = document(report, language)
        (table,) = (t for t in made.tables if t.key == "alerts")
        assert said in table.sub
        assert any(said in note for note in made.notes)
