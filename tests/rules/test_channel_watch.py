"""The channels file is read again when it changes; a file that is refused changes nothing but what is shown."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from cli.channel_watch import ChannelWatch

GOOD = """
channels:
  - {name: duty, url: "wecombot://{key}", secrets: {key: key.txt}, roles: [energy_manager]}
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "key.txt").write_text("key-of-the-group", encoding="utf-8")
    path = tmp_path / "notify.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def shown():
    return asyncio.Queue()


@pytest.fixture
async def watch(file, shown):
    async def publish(found):
        await shown.put(found)

    watch = ChannelWatch(file, "Asia/Shanghai", publish, every_s=0.02)
    await watch.begin()
    assert not (await shown.get()).mistakes
    yield watch
    asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)


async def test_another_file_is_taken_and_a_refused_one_is_only_shown(watch, file, shown):
    stop = asyncio.Event()
    changing = asyncio.create_task(watch.changed(stop))
    file.write_text(GOOD.replace("duty", "Duty!"), encoding="utf-8")
    refused = await asyncio.wait_for(shown.get(), 20)
    assert refused.mistakes
    assert [c.name for c in refused.channels] == ["duty"], "those in use go on"
    assert not changing.done()
    file.write_text(GOOD.replace("duty", "night"), encoding="utf-8")
    assert await asyncio.wait_for(changing, 20)
    assert [c.name for c in watch.now.channels] == ["night"]
    assert (await shown.get()).mistakes == ()


async def test_a_signal_reads_secrets_of_their_own_files_again(watch, file):
    stop = asyncio.Event()
    changing = asyncio.create_task(watch.changed(stop))
    (file.parent / "key.txt").write_text("another-key-of-the-group", encoding="utf-8")
    os.kill(os.getpid(), signal.SIGHUP)
    assert await asyncio.wait_for(changing, 20)


async def test_it_ends_with_the_role(watch):
    stop = asyncio.Event()
    changing = asyncio.create_task(watch.changed(stop))
    stop.set()
    assert await asyncio.wait_for(changing, 20) is False
