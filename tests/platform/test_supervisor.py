"""The supervisor on real child processes: restart, drain, and nothing left when it is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from cli import supervisor
from cli.supervisor import Role, Supervisor
from db import child
from tests.waiting import eventually, gone

ROOT = Path(__file__).parents[2]

_SUPERVISOR = """
import asyncio, signal, sys
from cli import supervisor
from db import child
def start(role):
    return child.start([sys.executable, "-c", *role.arguments], name=role.name)
supervisor.start = start
async def main():
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    roles = [supervisor.Role(f"r{i}", (program,)) for i, program in enumerate(sys.argv[1:])]
    await supervisor.Supervisor(roles).run(stop)
asyncio.run(main())
"""
# A role's program says which process it is once it is set up.
_PATIENT = "import os, signal; print(os.getpid(), flush=True)\nwhile True: signal.pause()"
_DEAF = f"import signal; signal.signal(15, signal.SIG_IGN); signal.signal(2, signal.SIG_IGN); {_PATIENT}"


async def _supervising(*programs: str) -> tuple[asyncio.subprocess.Process, list[int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SUPERVISOR, *programs, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    return process, [int(await process.stdout.readline()) for _ in programs]


async def test_ctrl_c_ends_every_child_within_5_s_even_a_deaf_one() -> None:
    process, pids = await _supervising(_PATIENT, _DEAF)
    assert [os.getpgid(pid) for pid in pids] == [process.pid] * 2
    begun = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    await process.wait()
    await gone(*pids)
    assert time.monotonic() - begun < 5


async def test_a_killed_supervisor_leaves_no_child() -> None:
    process, pids = await _supervising(_PATIENT, _PATIENT)
    process.kill()
    await process.wait()
    await gone(*pids, within_s=5)


async def test_a_role_that_ends_is_started_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(supervisor, "_FIRST_DELAY_S", 0.01)
    started: list[child.Child] = []
    stop = asyncio.Event()

    def start(role: Role) -> child.Child:
        program = "pass" if len(started) < 2 else _PATIENT
        started.append(child.start([sys.executable, "-c", program], name=role.name))
        if len(started) == 3:
            stop.set()
        return started[-1]

    monkeypatch.setattr(supervisor, "start", start)
    await asyncio.wait_for(Supervisor([Role("example", ())]).run(stop), 10)
    assert [process.returncode for process in started] == [0, 0, -signal.SIGTERM]


async def test_work_that_is_done_once_is_left_done(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[child.Child] = []

    def start(role: Role) -> child.Child:
        started.append(child.start([sys.executable, "-c", "pass"], name=role.name))
        return started[-1]

    monkeypatch.setattr(supervisor, "start", start)
    await asyncio.wait_for(Supervisor([Role("fill", (), once=True)]).run(asyncio.Event()), 10)
    assert len(started) == 1


@pytest.mark.parametrize("ends", [True, False])
async def test_a_role_waits_for_another_one_to_have_ended(monkeypatch: pytest.MonkeyPatch, ends: bool) -> None:
    """However it ended; and one that never ends keeps nobody from stopping."""
    monkeypatch.setattr(supervisor, "_FIRST_DELAY_S", 30.0)
    started: list[tuple[str, bool]] = []
    stop = asyncio.Event()
    fill: list[child.Child] = []

    def start(role: Role) -> child.Child:
        program = _PATIENT if role.name == "rules" or not ends else "raise SystemExit(3)"
        process = child.start([sys.executable, "-c", program], name=role.name)
        if role.name == "fill":
            fill.append(process)
        started.append((role.name, bool(fill) and fill[0].returncode is not None))
        return process

    monkeypatch.setattr(supervisor, "start", start)
    roles = [Role("rules", (), after="fill"), Role("fill", (), once=True), Role("alone", (), after="nobody")]
    running = asyncio.create_task(Supervisor(roles).run(stop))
    expected = 3 if ends else 2
    await eventually(lambda: len(started) == expected)
    stop.set()
    await asyncio.wait_for(running, 20)
    assert len(started) == expected
    assert [over for name, over in started if name == "rules"] == ([True] if ends else [])
    assert "alone" in [name for name, _ in started]


async def test_a_child_that_cannot_be_run_says_so(tmp_path: Path) -> None:
    with (tmp_path / "output").open("wb") as output:
        process = child.start(["/no/such/program"], output=output)
        assert await process.wait() == 127
    assert (tmp_path / "output").read_text() == "/no/such/program: No such file or directory\n"
