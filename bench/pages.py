"""How long the console's pages and the live reports take on a filled demo whose plants go on.

A page is asked for as a person comes to it: after the others, so that what was kept of it may have grown old.
"""

from __future__ import annotations

import time
from datetime import date, timedelta

import httpx

from bench.demo import filled_demo
from bench.figures import Bench, Figure, Options, figure
from bench.stand import until

_DAYS = 7.0
_ROUNDS = 5
_PAGE_S, _REPORT_S = 0.1, 1.0
_COMMON = (
    "/",
    "/alerts",
    "/cases",
    "/rules",
    "/data-quality",
    "/standards",
    "/quarantine",
    "/notifications",
    "/outages",
    "/wall",
)
_OF_A_PLANT = ("", "/motors", "/points", "/shifts", "/production")
_MOTORS, _ENPIS = 2, 3


async def _measure(options: Options) -> list[Figure]:
    days = max(2.0, _DAYS * options.scale)
    async with filled_demo(options, days) as demo, httpx.AsyncClient(base_url=demo.url, timeout=60) as client:

        async def derived() -> bool:
            parts = (await client.get("/api/v1/health")).json()["parts"]
            return bool(parts["ledger"]["status"] == parts["rules"]["status"] == "ok")

        await until(derived, within_s=300, every_s=1)
        pages = await _pages(client)
        took = [await _timed(client, page) for _ in range(options.scaled(_ROUNDS)) for page in pages]
        newest = date.fromisoformat((await _report_day(client))["day"])
        reports = [
            await _timed(client, f"/e/{code}/reports?version=0&date={newest - timedelta(days=n)}")
            for code in await _codes(client)
            for n in range(min(_ROUNDS, int(days) - 1))
        ]
    slowest = sorted(took, reverse=True)[:3]
    options.say("; ".join(f"{page} {seconds:.3f} s" for seconds, page in slowest))
    said = f"seven days of the three plants, live data beside it, {len(pages)} pages"
    return [
        figure("page_p95", _p95(took), "s", _PAGE_S, f"p95 of {len(took)} reads of {said}; limit: promised"),
        figure(
            "live_report_p95", _p95(reports), "s", _REPORT_S,
            f"p95 of {len(reports)} daily reports made on the spot, each for the first time; limit: promised",
        ),
    ]  # fmt: skip


async def _codes(client: httpx.AsyncClient) -> list[str]:
    return [item["code"] for item in (await client.get("/api/v1/enterprises")).json()["items"]]


async def _report_day(client: httpx.AsyncClient) -> dict[str, str]:
    code = (await _codes(client))[0]
    found: dict[str, str] = (await client.get(f"/api/v1/reports/daily?enterprise={code}")).json()
    return found


async def _pages(client: httpx.AsyncClient) -> list[str]:
    pages = [f"/{page}" for page in _COMMON]
    for code in await _codes(client):
        pages += [f"/e/{code}{page}" for page in _OF_A_PLANT] + [f"/wall/{code}"]
        motors = (await client.get("/api/v1/motors", params={"enterprise": code})).json()["items"]
        pages += [f"/e/{code}/motor/{motor['code']}" for motor in motors[:_MOTORS]]
        enpis = (await client.get("/api/v1/enpis", params={"enterprise": code})).json()["items"]
        pages += [f"/e/{code}/enpi/{enpi['id']}" for enpi in enpis[:_ENPIS]]
    alerts = (await client.get("/api/v1/alerts", params={"limit": 3})).json()["items"]
    return pages + [f"/alerts/{alert['id']}" for alert in alerts]


async def _timed(client: httpx.AsyncClient, page: str) -> tuple[float, str]:
    begun = time.perf_counter()
    (await client.get(page)).raise_for_status()
    return time.perf_counter() - begun, page


def _p95(took: list[tuple[float, str]]) -> float:
    seconds = sorted(one for one, _ in took)
    return seconds[min(len(seconds) - 1, int(len(seconds) * 0.95))]


BENCH = Bench(("page_p95", "live_report_p95"), 150, _measure)
