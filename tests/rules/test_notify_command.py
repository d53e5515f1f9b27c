"""`enms notify` on real files and a real receiver."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.rules.receivers import http_receiver

ROOT = Path(__file__).parents[2]


async def enms(*arguments, **env):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "notify", *arguments,
        cwd=ROOT, env={**os.environ, **env}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


async def test_check_says_who_is_told_where_or_every_mistake(tmp_path):
    good = tmp_path / "good.yaml"
    good.write_text(
        "channels:\n  - {name: duty, url: 'webhooks://a.example/x?secret=hush', roles: [energy_manager],"
        " quiet_hours: {from: '22:00', to: '07:00'}}\n"
    )
    status, out, _ = await enms("check", ENMS_NOTIFY_FILE=str(good))
    assert status == 0
    assert out.strip() == (
        "duty: energy_manager of all plants, from notice on, quiet 22:00-07:00 Asia/Shanghai"
        " — webhook: https://a.example:443/x"
    )
    bad = tmp_path / "bad.yaml"
    bad.write_text("channels:\n  - {name: duty, roles: [a]}\n  - {name: x, url: 'json://h', roles: [a]}\n")
    status, _, err = await enms("check", "--file", str(bad))
    assert status == 1
    assert [line.split(": ")[1] for line in err.splitlines()] == ["line 2", "line 3"]


async def test_a_test_message_arrives_or_says_why_not(tmp_path):
    file = tmp_path / "notify.yaml"
    async with http_receiver() as receiver:
        url = f"webhook://127.0.0.1:{receiver.port}/in"
        file.write_text(
            f"channels:\n  - {{name: hook, url: '{url}', roles: [a], allow_private: true, language: en}}\n"
            f"  - {{name: inside, url: '{url}', roles: [a]}}\n"
        )
        env = {"ENMS_NOTIFY_FILE": str(file), "ENMS_PUBLIC_URL": "https://energy.example.com"}
        status, out, err = await enms("test", "hook", **env)
        assert (status, err) == (0, "")
        assert out.startswith("hook: taken by webhook: ")
        (said,) = receiver.bodies
        assert said["key"].startswith("test/hook/")
        assert said["link"] == "https://energy.example.com"
        status, _, err = await enms("test", "inside", **env)
        assert status == 1
        assert "not public" in err
        assert len(err.splitlines()) == 1
        assert len(receiver.taken) == 1
    status, _, err = await enms("test", "nobody", **env)
    assert (status, "it has hook, inside" in err) == (1, True)
