"""Replay mappings and the files they map."""

from __future__ import annotations

import itertools
import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enms.errors import MappingError
from enms.metering import ReadingType
from enms.plant_file import read_plant_file
from ingest.history import History, Past
from ingest.mapping import MappingFile, TimeColumn
from ingest.stamps import Stamps

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "steel_industry_2018.yaml"
KINDS = {"e": ReadingType.INTERVAL, "pf": ReadingType.GAUGE, "r": ReadingType.REGISTER, "v": ReadingType.VIRTUAL}
MAPPING = """
enterprise: demo
time: {column: when, format: "%Y-%m-%d %H:%M", timezone: Asia/Shanghai, period_s: 900}
columns:
  - {column: kWh, point: e, scale: 1000}
  - {column: cos, point: pf}
  - {column: reg, point: r}
"""


def mapping(folder: Path, text: str = MAPPING) -> MappingFile:
    file = folder / "map.yaml"
    file.write_text(text, encoding="utf-8")
    return MappingFile(file)


def history(folder: Path, text: str, *, of: str = MAPPING) -> History:
    file = folder / "data.csv"
    file.write_bytes(text.encode())
    return History(file, mapping(folder, of), KINDS)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_rows_become_readings(tmp_path: Path) -> None:
    found = history(tmp_path, "\ufeffwhen,kWh,other,cos,reg\r\n2018-01-01 00:15,3.17,x,0.9,7\r\n")
    assert list(found.readings()) == [
        Past("e", utc(2017, 12, 31, 16, 15), 3170.0, utc(2017, 12, 31, 16, 0)),
        Past("pf", utc(2017, 12, 31, 16, 0), 0.9),  # it held from then on
        Past("r", utc(2017, 12, 31, 16, 15), 7.0),
    ]
    assert (found.rows, found.empty, found.bad) == (1, 0, [])


def test_stamps_at_the_start_of_a_period(tmp_path: Path) -> None:
    of = MAPPING.replace("period_s: 900", "period_s: 900, stamps: interval_start")
    (e, pf, r) = history(tmp_path, "when,kWh,cos,reg\n2018-01-01 00:00,1,1,1\n", of=of).readings()
    assert (e.start, e.t) == (utc(2017, 12, 31, 16, 0), utc(2017, 12, 31, 16, 15))
    assert pf.t == r.t == utc(2017, 12, 31, 16, 0)


def test_bad_rows_are_told_with_their_line(tmp_path: Path) -> None:
    text = (
        "when,kWh,cos,reg\n2018-01-01 00:15,1,,2\n2018-13-01 00:30,1,1,1\n\n2018-01-01 00:45,x,1,inf\nshort,row\n"
        "2018-01-01 01:00,4,4,4\n"
    )
    found = history(tmp_path, text)
    assert [past.value for past in found.readings()] == [1000.0, 2.0, 1.0, 4000.0, 4.0, 4.0]
    assert (found.rows, found.empty) == (5, 1)
    assert [mistake.line for mistake in found.bad] == [3, 5, 5, 6]
    assert str(found.bad[1]) == "line 5: kWh: 'x' is not a number"


def test_a_line_that_is_no_csv_does_not_stop_the_file(tmp_path: Path) -> None:
    found = history(tmp_path, f"when,kWh,cos,reg\n{200_000 * '1'},1,1,1\n2018-01-01 00:15,1,1,2\n")
    assert [past.value for past in found.readings()] == [1000.0, 1.0, 2.0]
    assert [(mistake.line, mistake.reason) for mistake in found.bad] == [(2, "field larger than field limit (131072)")]


def test_all_mistakes_of_a_mapping_at_once(tmp_path: Path) -> None:
    text = """
enterprise: demo
tine: {}
time: {column: when, timezone: Asia/Schanghai, stamps: interval_end}
columns:
  - {column: kWh}
  - {column: cos, point: pf, scale: .inf}
"""
    with pytest.raises(MappingError) as caught:
        mapping(tmp_path, text)
    assert [(mistake.line, mistake.place) for mistake in caught.value.mistakes] == [
        (3, "tine"),
        (4, "time.timezone"),
        (6, "columns[kWh].point"),
        (7, "columns[cos].scale"),
    ]


def test_a_period_is_needed_where_a_stamp_is_its_edge(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="line 3: time: period_s is needed"):
        mapping(tmp_path, MAPPING.replace(", period_s: 900", ""))


def test_all_mistakes_of_mapping_and_file_at_once(tmp_path: Path) -> None:
    of = MAPPING + "  - {column: none, point: nobody}\n  - {column: cos, point: v}\n"
    with pytest.raises(MappingError) as caught:
        history(tmp_path, "When,kWh,cos,reg\n", of=of)
    assert [(mistake.line, mistake.place) for mistake in caught.value.mistakes] == [
        (3, "time.column"),
        (8, "columns[none].column"),
        (8, "columns[none].point"),
        (9, "columns[cos].point"),
    ]


@pytest.mark.parametrize(
    "text", ["- a\n", "enterprise: [\n", "", "enterprise: demo\ntime: {column: t, period_s: 1}\ncolumns: []\n"]
)
def test_no_mapping_at_all(tmp_path: Path, text: str) -> None:
    with pytest.raises(MappingError):
        mapping(tmp_path, text)


@pytest.mark.parametrize(("content", "reason"), [(b"", "is empty"), ("时间,电量\n".encode("gbk"), "not UTF-8")])
def test_files_that_are_no_table(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "data.csv"
    file.write_bytes(content)
    with pytest.raises(MappingError, match=reason):
        History(file, mapping(tmp_path), KINDS)
    with pytest.raises(MappingError, match="cannot be read"):
        History(tmp_path / "absent.csv", mapping(tmp_path), KINDS)


def stamps(texts: list[str], **chosen: object) -> list[datetime]:
    column = TimeColumn.model_validate({"column": "t", "format": "%Y-%m-%d %H:%M", "period_s": 900} | chosen)
    reader = Stamps(column)
    return [reader.read(text) for text in texts]


_DAYS = ["2018-01-01 23:45", "2018-01-01 00:00", "2018-01-02 00:15", "2018-01-02 23:45", "2018-01-02 00:00"]


@pytest.mark.parametrize("chosen", [{}, {"midnight": "same_day"}])
def test_a_midnight_row_dated_on_the_day_it_ends(chosen: dict[str, object]) -> None:
    found = stamps(_DAYS, **chosen)
    assert found[1] == utc(2018, 1, 1, 16)
    assert [b - a for a, b in itertools.pairwise(found[:3])] == [timedelta(minutes=15)] * 2
    assert found[4] == utc(2018, 1, 2, 16)


def test_midnight_rows_stay_where_the_mapping_says_so() -> None:
    assert stamps(_DAYS, midnight="next_day")[1] == utc(2017, 12, 31, 16)


@pytest.mark.parametrize(
    "texts",
    [
        ["2018-01-01 23:45", "2018-01-02 00:00", "2018-01-02 00:15"],
        ["2018-01-02 00:15", "2018-01-02 00:00", "2018-01-01 23:45"],  # newest first
        ["2018-01-01 23:45", "2018-01-01 24:00", "2018-01-02 00:15"],
    ],
)
def test_ordinary_midnights_are_left_alone(texts: list[str]) -> None:
    found = sorted(stamps(texts))
    assert found == [utc(2018, 1, 1, 15, 45), utc(2018, 1, 1, 16), utc(2018, 1, 1, 16, 15)]


def test_the_hour_that_comes_twice_and_the_one_that_is_skipped() -> None:
    berlin = {"timezone": "Europe/Berlin", "period_s": 1800}
    autumn = ["2018-10-28 02:00", "2018-10-28 02:30", "2018-10-28 02:00", "2018-10-28 02:30", "2018-10-28 03:00"]
    found = stamps(autumn, **berlin)
    assert [b - a for a, b in itertools.pairwise(found)] == [timedelta(minutes=30)] * 4
    with pytest.raises(ValueError, match="skipped"):
        stamps(["2018-03-25 02:30"], **berlin)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("iso", "2018-01-01T00:15:00+08:00"),
        ("iso", "2018-01-01 00:15"),
        ("epoch_s", "1514736900"),
        ("epoch_ms", "1514736900000"),
    ],
)
def test_formats(form: str, text: str) -> None:
    assert stamps([text], format=form) == [utc(2017, 12, 31, 16, 15)]


def steel_year() -> Path:
    """The real year, where this machine has it."""
    folder = Path(os.environ.get("ENMS_TEST_DATA", ROOT.parent / "shared" / "data"))
    return folder / "steel_industry_2018" / "steel_industry_2018.csv"


@pytest.mark.skipif(
    not steel_year().exists(), reason="no steel_industry_2018.csv: set ENMS_TEST_DATA to its folder's parent"
)
def test_the_real_steel_year() -> None:
    example = MappingFile(EXAMPLE)
    assert example.plant_file is not None
    kinds = {code: config.reading for code, config in read_plant_file(example.plant_file).configs().items()}
    found = History(steel_year(), example, kinds)
    usage = [past for past in found.readings() if past.point == "works.electricity"]
    assert (found.rows, found.bad, found.empty, found.moved) == (35_040, [], 0, 365)
    assert usage[0].start == datetime(2017, 12, 31, 15, tzinfo=UTC)
    assert all(later.start == earlier.t for earlier, later in itertools.pairwise(usage))
    assert math.fsum(past.value for past in usage) == pytest.approx(959_636.71, abs=1e-6)
