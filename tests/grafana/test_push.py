"""`enms grafana push` and `token`, against a server of our own that answers as Grafana's API is documented to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.grafana import app as command
from enms.errors import ConflictError, NotFoundError, UnavailableError
from grafana.frame import Uid
from grafana.push import Action, Database, Server, create_token, push
from tests.grafana.server import running

TOKEN, PASSWORD = "glsa_test", "an administrator"
DATABASE = Database("db:5432", "enms", "grafana_district", "a-password-for-screens-0")


async def test_a_push_brings_everything_and_a_second_one_nothing(free_port: int) -> None:
    async with running(free_port, TOKEN, PASSWORD) as stored:
        server = Server(f"http://127.0.0.1:{free_port}", TOKEN)
        first = await push(server, database=DATABASE)
        assert {change.action for change in first} == {Action.CREATE}
        assert set(stored.boards) == {str(uid) for uid in Uid}
        assert {b["meta"]["folderUid"] for b in stored.boards.values()} == {"enms-walls", "enms-desks"}
        (playlist,) = stored.playlists.values()
        assert [item["value"] for item in playlist["items"]] == stored_walls()
        assert stored.sources["enms"]["jsonData"]["database"] == "enms"
        assert "url" in stored.sources["enms"]
        stored.writes.clear()
        second = await push(server)
        assert {change.action for change in second} == {Action.KEEP}
        assert stored.writes == []


def stored_walls() -> list[str]:
    return [str(Uid.WALL_DISTRICT), str(Uid.WALL_STEEL), str(Uid.WALL_RARE_EARTH), str(Uid.WALL_POWER)]


async def test_a_dry_run_tells_and_does_nothing(free_port: int) -> None:
    async with running(free_port, TOKEN, PASSWORD) as stored:
        changes = await push(Server(f"http://127.0.0.1:{free_port}", TOKEN), database=DATABASE, dry_run=True)
        assert {change.action for change in changes} == {Action.CREATE}
        assert stored.writes == []


async def test_what_somebody_changed_is_put_right(free_port: int) -> None:
    async with running(free_port, TOKEN, PASSWORD) as stored:
        server = Server(f"http://127.0.0.1:{free_port}", TOKEN)
        await push(server, database=DATABASE)
        stored.boards["enms-alerts"]["dashboard"]["title"] = "mine"
        stored.folders["enms-walls"]["title"] = "elsewhere"
        next(iter(stored.playlists.values()))["items"].pop()
        changes = await push(server)
        assert sorted((c.kind, c.action) for c in changes if c.action is not Action.KEEP) == [
            ("dashboard", "update"),
            ("folder", "update"),
            ("playlist", "update"),
        ]
        assert stored.boards["enms-alerts"]["dashboard"]["title"] == "报警与案件 · Alerts and cases"


async def test_the_consoles_address_is_put_into_the_links(free_port: int) -> None:
    async with running(free_port, TOKEN, PASSWORD) as stored:
        server = Server(f"http://127.0.0.1:{free_port}", TOKEN)
        await push(server, database=DATABASE, console="https://enms.example")
        for board in stored.boards.values():
            (console,) = [v for v in board["dashboard"]["templating"]["list"] if v["name"] == "console"]
            assert console["query"] == "https://enms.example"
        again = await push(server, console="https://enms.example")
        assert {change.action for change in again} == {Action.KEEP}


async def test_without_a_data_source_nothing_is_pushed(free_port: int) -> None:
    async with running(free_port, TOKEN, PASSWORD) as stored:
        with pytest.raises(NotFoundError, match="data source"):
            await push(Server(f"http://127.0.0.1:{free_port}", TOKEN))
        assert stored.writes == []


async def test_a_wrong_token_and_an_absent_server_are_one_clear_line(free_port: int) -> None:
    async with running(free_port, TOKEN, PASSWORD):
        with pytest.raises(ConflictError, match="refuses"):
            await push(Server(f"http://127.0.0.1:{free_port}", "wrong"), database=DATABASE)
    with pytest.raises(UnavailableError, match="no Grafana answers"):
        await push(Server(f"http://127.0.0.1:{free_port}", TOKEN, timeout_s=2), database=DATABASE)


async def test_a_token_replaces_the_one_before(free_port: int) -> None:
    async with running(free_port, TOKEN, PASSWORD) as stored:
        url = f"http://127.0.0.1:{free_port}"
        first = await create_token(Server(url, ("admin", PASSWORD)))
        await push(Server(url, first), database=DATABASE)
        second = await create_token(Server(url, ("admin", PASSWORD)))
        assert first != second
        assert [t["key"] for t in stored.tokens.values()] == [second]
        assert [a["role"] for a in stored.accounts.values()] == ["Editor"]


async def test_the_command_tells_what_it_did(free_port: int, tmp_path: Path) -> None:
    (tmp_path / "admin").write_text(PASSWORD + "\n")
    (tmp_path / "db").write_text("a-password-for-screens-0\n")
    url = f"http://127.0.0.1:{free_port}"
    async with running(free_port, TOKEN, PASSWORD):

        def run(*arguments: str) -> str:
            result = CliRunner().invoke(command, [*arguments, "--url", url])
            assert result.exit_code == 0, result.output
            return result.output

        token = tmp_path / "token"
        arguments = ("token", "--token-file", str(token), "--password-file", str(tmp_path / "admin"))
        told = await asyncio.to_thread(run, *arguments)
        assert "glsa_" not in told, "a token is never printed"
        assert token.stat().st_mode & 0o777 == 0o600
        source = ("--database-host", "db:5432", "--database-password-file", str(tmp_path / "db"))
        told = await asyncio.to_thread(run, "push", "--token-file", str(token), *source, "--dry-run")
        assert "15 of 15 would change" in told
        told = await asyncio.to_thread(run, "push", "--token-file", str(token), *source)
        assert "15 of 15 changed" in told
        told = await asyncio.to_thread(run, "push", "--token-file", str(token))
        assert "0 of 15 changed" in told
