"""`enms baseline`: what is kept, another fit for a reason, and evidence that replays from the database."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from rules.book import parse_book
from tests.rules.test_baseline import BOOK, ENERGY, OUTPUT, work
from tests.rules.world import World

ROOT = Path(__file__).parents[2]
SUBJECT = "kiln.process_energy"


async def enms(*arguments, dsn, rules=""):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *arguments,
        cwd=ROOT, env={**os.environ, "ENMS_DATABASE_URL": dsn, **({"ENMS_RULES_DIR": str(rules)} if rules else {})},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


async def test_baselines_are_listed_and_fitted_anew_with_a_reason(db_pool, pg_dsn, tmp_path):
    (tmp_path / "own.yaml").write_text(BOOK, encoding="utf-8")
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "baseline", [parse_book(BOOK, "test.yaml")])
        await work(world)
        await work(world, [10], [165])
        await work(world, OUTPUT, ENERGY)
        await world.evaluate()
        alert = (await world.alerts())[0]
    status, out, err = await enms("replay-evidence", str(alert.id), dsn=pg_dsn)
    assert (status, err) == (0, "")
    assert "the same verdict as was frozen" in out
    status, out, _ = await enms("baseline", "list", "--enterprise", "works", "--json", dsn=pg_dsn)
    (kept,) = json.loads(out)
    assert (status, kept["subject"], kept["version"], kept["observations"]) == (0, SUBJECT, 1, 12)
    period = ("--from", "2026-11-06", "--to", "2026-11-09", "--by", "wang")
    asked = ("baseline", "refit", "kiln_baseline", SUBJECT, "--enterprise", "works", *period)
    status, out, err = await enms(*asked, "--reason", "second burner", dsn=pg_dsn, rules=tmp_path)
    assert (status, err) == (0, "")
    assert "version 2" in out
    assert "by wang: second burner" in out
    status, _, err = await enms(*asked, "--reason", " ", dsn=pg_dsn)
    assert status == 2
    status, _, err = await enms(
        "baseline", "refit", "balance_power", SUBJECT, "--enterprise", "works", *period, "--reason", "x", dsn=pg_dsn
    )
    assert status == 1
    assert "no rule against an energy baseline" in err
