"""Pages from the server: both languages, no script needed, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from api.console import numbers
from api.console.i18n import LOCALES, catalogue
from tests.api.seed import DEAD, GAPPY, SILENT

CONSOLE = Path(__file__).parents[2] / "api" / "console"
PAGES = [
    "/", "/e/seed-steel", "/e/seed-power", "/e/seed-steel/points", "/e/seed-steel/points?process=bf1&show=silent",
    "/e/seed-steel/motors", "/e/seed-steel/motor/roll.main",
    f"/points/seed-steel/{GAPPY}", f"/points/seed-steel/{DEAD}?span=7d",
    f"/points/seed-steel/{SILENT}", "/points/seed-steel/bf1.elec.net", "/alerts", "/alerts?state=&severity=notice",
    "/alerts/1", "/cases", "/cases/new?alert=1", "/rules", "/rules?enterprise=seed-steel&rule=meter_silent",
    "/quarantine", "/quarantine?reason=broken_json", "/docs",
    "/data-quality", "/data-quality?days=1&show=all&enterprise=seed-steel",
    "/e/seed-steel/enpi/1", "/e/seed-steel/enpi/1?resolution=month",
    "/wall", "/wall/seed-steel", "/wall/seed-power?rotate=60",
]  # fmt: skip


class Page(HTMLParser):
    """What a browser would load, and whether tags close."""

    VOID = frozenset({"meta", "link", "br", "input", "rect", "path", "circle", "img", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "action", "data-src", "hx-get"}]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag, tag


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_pages_are_whole_in_both_languages(client: httpx.AsyncClient, path: str, language: str) -> None:
    response = await client.get(path, headers={"Accept-Language": language})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/html")
    tag = {"zh": "zh-CN", "en": "en"}[language]
    assert f'<html lang="{tag}">' in response.text
    assert response.headers["content-language"] == tag
    page = Page(response.text)
    assert page.open == []
    for link in page.links:
        assert link.startswith(("/", "#", "?")) or link == "", f"{link} leads to another host"
    if language == "en" and path != "/docs":  # the API's terms are explained in both
        body = re.sub(r"<pre.*?</pre>", "", response.text, flags=re.DOTALL)
        assert not re.search(r"[\u4e00-\u9fff]", body.replace("中文", "").replace("下一", "")), (
            "Chinese on an English page"
        )


ACTIONS = ("/acknowledge", "/assign", "/comment", "/shelve")


async def test_every_link_of_a_page_leads_somewhere(client: httpx.AsyncClient) -> None:
    seen: set[str] = set()
    for path in ("/", "/e/seed-steel", "/alerts/1", f"/points/seed-steel/{GAPPY}"):
        for link in Page((await client.get(path)).text).links:
            if link.startswith("/") and link not in seen and not link.endswith(ACTIONS):
                seen.add(link)
                response = await client.get(link.replace("&amp;", "&"))
                assert response.status_code == 200, link
    assert len(seen) > 30


async def test_the_first_paint_shows_the_numbers(client: httpx.AsyncClient) -> None:
    text = (await client.get("/", headers={"Accept-Language": "en"})).text
    assert "Seed Steel" in text
    assert re.search(r'data-live="seed-steel/power_kw"[^>]*><b>\d', text)
    assert '<svg class="spark"' in text
    point = (await client.get(f"/points/seed-steel/{GAPPY}")).text
    assert point.count('<i class="basis measured"') > 10
    assert "missing" in point


async def test_unknown_is_a_dash_with_its_reason(client: httpx.AsyncClient) -> None:
    text = (await client.get(f"/points/seed-steel/{SILENT}", headers={"Accept-Language": "en"})).text
    assert re.search(r'class="q unknown"[^>]*title="no reading yet"><b>—', text)


async def test_language_by_query_then_cookie_then_header(client: httpx.AsyncClient) -> None:
    chosen = await client.get("/?lang=zh", headers={"Accept-Language": "en"})
    assert 'lang="zh-CN"' in chosen.text
    assert "enms_lang=zh" in chosen.headers["set-cookie"]
    assert 'lang="zh-CN"' in (await client.get("/", headers={"Accept-Language": "en"})).text
    client.cookies.clear()
    assert '<html lang="en">' in (await client.get("/", headers={"Accept-Language": "fr, en;q=0.5"})).text
    assert '<html lang="zh-CN">' in (await client.get("/", headers={"Accept-Language": ""})).text


async def test_filters_stay_in_the_address_of_the_other_language(client: httpx.AsyncClient) -> None:
    text = (await client.get("/alerts?state=resolved&severity=notice")).text
    assert "/alerts?state=resolved&amp;severity=notice&amp;lang=zh" in text


async def test_problems_are_pages_for_people(client: httpx.AsyncClient) -> None:
    response = await client.get("/e/nobody", headers={"Accept-Language": "en"})
    assert response.status_code == 404
    assert "There is no such page" in response.text
    assert (await client.get("/points/seed-steel/nobody")).status_code == 404
    assert (await client.get("/nowhere")).status_code == 404


async def test_a_foreign_text_is_never_markup(client: httpx.AsyncClient) -> None:
    evil = "<script>alert(1)</script>"
    for path in (f"/e/seed-steel/points?q={evil}", f"/quarantine?q={evil}", f"/alerts?subject={evil}", f"/e/{evil}"):
        assert evil not in (await client.get(path)).text


async def test_alerts_are_acknowledged_from_the_page(client: httpx.AsyncClient) -> None:
    response = await client.post("/alerts/1", data={"step": "acknowledge", "by": "李伟"})
    assert response.status_code == 303
    assert response.headers["location"] == "/alerts/1"
    page = (await client.get("/alerts/1", headers={"Accept-Language": "en"})).text
    assert "seen by 李伟" in page
    stranger = {"Origin": "http://evil.test"}
    refused = await client.post("/alerts/1", data={"step": "acknowledge", "by": "x"}, headers=stranger)
    assert refused.status_code == 403


async def test_charts_have_their_numbers(client: httpx.AsyncClient) -> None:
    curve = (await client.get("/e/seed-steel/curve.json")).json()
    assert len(curve["today"]) == 96
    assert sum(v is not None for v in curve["today"]) == 72
    intervals = (await client.get(f"/points/seed-steel/{GAPPY}/intervals.json?span=24h")).json()
    # drawn by the plant's clock, whatever the browser's: the label says local time, and so does the place on the axis
    drawn = datetime.fromtimestamp(intervals["rows"][0][0] / 1000, UTC)
    assert f"{drawn:%m-%d %H:%M}" == intervals["rows"][0][2].split(" – ")[0]
    assert {row[3] for row in intervals["rows"]} == {"measured", "estimated"}
    assert len(intervals["missing"]) == 1
    readings = (await client.get(f"/points/seed-steel/{GAPPY}/readings.json?span=24h")).json()
    assert any(item[1] is None for item in readings["line"]), "a gap stays a gap"


async def test_motors_are_sorted_filtered_and_saved_by_the_address(client: httpx.AsyncClient) -> None:
    shown = (await client.get("/e/seed-steel/motors?q=ROLL&sort=load&order=asc&lang=en")).text
    assert 'href="/e/seed-steel/motor/roll.main"' in shown
    assert 'aria-sort="ascending"' in shown
    assert "No motor is like that." in (await client.get("/e/seed-steel/motors?q=nothing&lang=en")).text
    saved = (await client.get("/e/seed-steel/motors?format=csv")).text.splitlines()
    assert "saving_kwh_a" in saved[0]
    assert len(saved) == 2
    assert (await client.get("/e/seed-steel/motors?sort=colour")).status_code == 422


async def test_a_motors_page_says_what_cannot_be_told_and_what_would(client: httpx.AsyncClient) -> None:
    shown = (await client.get("/e/seed-steel/motor/roll.main?lang=en")).text
    assert "input power alone only returns the nameplate" in shown
    assert "driven output (flow × head)" in shown
    assert "no grade table in the catalogue covers it" in shown
    assert (await client.get("/e/seed-steel/motor/nobody")).status_code == 404
    drawn = (await client.get("/e/seed-steel/motor/roll.main/operation.json?span=24h")).json()
    assert drawn["on_curve"]
    assert drawn["measured"] == []
    assert sum(drawn["bars"]) * 4 == len(drawn["on_curve"])
    saved = (await client.get("/e/seed-steel/motor/roll.main/operation.csv?span=24h")).text.splitlines()
    assert len(saved) == len(drawn["on_curve"]) + 1


def messages() -> Iterator[tuple[str, str]]:
    for path in sorted(CONSOLE.rglob("*.html")):
        with path.open("rb") as file:
            for _, message, *_ in extract("jinja2.ext:babel_extract", file, keywords={"_": None}):
                yield str(message), path.name
    calls = {"text": None, "words": None, "N_": None}
    # In reports `text` makes a cell, and what is translated is marked.
    for folder, keywords in ((CONSOLE, calls), (CONSOLE.parent / "reports", {"N_": None})):
        for path in sorted(folder.rglob("*.py")):
            with path.open("rb") as file:
                for _, message, *_ in extract("python", file, keywords=keywords):
                    yield str(message), path.name


@pytest.mark.parametrize("locale", LOCALES.values())
def test_the_catalogue_is_complete(locale: str) -> None:
    with (CONSOLE / "locale" / locale / "LC_MESSAGES" / "console.po").open("rb") as file:
        known = {m.id: m for m in read_po(file) if m.id}
    used = dict(messages())
    assert sorted(set(used) - set(known)) == [], "not in the catalogue"
    assert sorted(set(known) - set(used)) == [], "nobody uses it any more"
    for key, message in known.items():
        assert message.string, f"{key!r} is not translated"
        assert not message.fuzzy
        assert sorted(re.findall(r"%\(\w+\)s|%%", str(message.string))) == sorted(re.findall(r"%\(\w+\)s|%%", str(key)))


def test_vendored_files_are_what_was_vendored() -> None:
    folder = CONSOLE / "static" / "vendor"
    listed = dict(reversed(line.split()) for line in (folder / "CHECKSUMS").read_text().splitlines())
    assert set(listed) == {path.name for path in folder.iterdir()} - {"CHECKSUMS"}
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (18250.0, "kW", ("18.2", "MW")),
        (0.0, "kW", ("0", "kW")),
        (999.96, "kWh", ("1,000", "kWh")),
        (1234567.0, "kWh", ("1.23", "GWh")),
        (-4250.0, "kW", ("\u22124.25", "MW")),
        (12345.0, "Nm3", ("12.3", "×10³ Nm³")),
        (0.1229, "kgce", ("0.123", "kgce")),
        (2990.4, "tce", ("2,990", "tce")),
        (36.6, "degC", ("36.6", "°C")),
    ],
)
def test_numbers_as_people_read_them(value: float, unit: str, shown: tuple[str, str]) -> None:
    number, symbol = numbers.scaled(value, unit)
    assert (numbers.short(number), symbol) == shown


def test_catalogues_load() -> None:
    assert catalogue("zh")("Alerts") == "报警"
    assert catalogue("en")("%(n)s s ago", n=3) == "3 s ago"
