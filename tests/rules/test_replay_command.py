"""`enms replay-evidence` on what the rules really froze."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from db.alerts import evidence
from tests.rules.world import World

ROOT = Path(__file__).parents[2]
DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)


async def enms(*arguments, **env):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "replay-evidence", *arguments,
        cwd=ROOT, env={**os.environ, **env}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


async def test_frozen_evidence_gives_the_same_verdict_from_the_database_and_from_a_file(db_pool, pg_dsn, tmp_path):
    async with db_pool.acquire() as connection:
        mill = await World.build(connection, "motors")
        await mill.publish("fan.power", [2.0] * 2, DAY1)
        await mill.evaluate()
        (alert,) = await mill.alerts("motor_idle")
        (frozen,) = await evidence(connection, alert)
    status, out, err = await enms(str(alert.id), ENMS_DATABASE_URL=pg_dsn)
    assert (status, err) == (0, "")
    assert "the condition is met" in out
    assert "the same verdict as was frozen" in out
    file = tmp_path / "evidence.json"
    item = {"version": 1, "sha256": frozen.sha256, "text": frozen.body}
    file.write_text(json.dumps({"items": [item]}), encoding="utf-8")
    status, out, _ = await enms("--file", str(file), "--json")
    said = json.loads(out)
    assert (status, said["intact"], said["met"], said["same"]) == (0, True, True, True)
    tampered = frozen.body.replace('"mean_kw":"8"', '"mean_kw":"9"')
    assert tampered != frozen.body
    file.write_text(json.dumps(item | {"text": tampered}), encoding="utf-8")
    status, out, _ = await enms("--file", str(file), "--json")
    said = json.loads(out)
    assert (status, said["intact"], said["same"]) == (1, False, False)
