"""The command line: one module a command, imported only when that command runs.

A module `cli.<name>` has a function `command`, or a typer application `app` when it has commands of its own.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from enms.errors import EnmsError

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("cli.demo", "Three simulated plants on a bundled database and broker: all of it, at once."),
    "serve": ("cli.serve", "All roles for real plants, without simulators."),
    "plant": ("cli.plant", "Bring plants in: load, export, list."),
    "meter": ("cli.meter", "Declare a meter's exchange or reset."),
    "crew": ("cli.crew", "Which crew works which shift: list, and single shifts that are different."),
    "ingest": ("cli.ingest", "Role: readings from MQTT into the database."),
    "ledger": ("cli.ledger", "Role: readings into closed quarter hours."),
    "rules": ("cli.rules", "Role: closed quarter hours into alerts."),
    "api": ("cli.api", "Role: the HTTP interface and the console."),
    "housekeeping": ("cli.housekeeping", "Role: compress and retain readings once a day."),
    "storage": ("cli.storage", "Status, compression, retention, backup and restore."),
    "report": ("cli.report", "Daily and monthly energy reports as files; make those that are due."),
    "simulate": ("cli.simulate", "Publish a simulated plant's readings over MQTT."),
    "replay": ("cli.replay", "Publish a file of history over MQTT, by a mapping."),
    "grafana": ("cli.grafana", "Grafana: push dashboards, make its database logins."),
    "notify": ("cli.notify", "Who is told of alerts: check the channels file, send a test."),
    "replay-evidence": ("cli.replay_evidence", "Judge an alert's evidence again, from the evidence alone."),
    "migrate": ("cli.migrate", "Bring the database to this version's schema."),
    "backtest": ("cli.backtest", "What a rule would have raised in a closed past."),
    "baseline": ("cli.baseline", "Energy baselines: what is kept, and another fit."),
    "score": ("cli.score", "Injected faults against alerts raised: recall, precision, delay."),
    "bench": ("cli.bench", "Measure throughput, latency and growth on this machine."),
    "check-rules": ("cli.check_rules", "Check rule books without running them."),
}

HIDDEN: dict[str, str] = {"demo-fill": "cli.demo_fill", "demo-live": "cli.demo_live"}
"""What `enms demo` starts; nobody else does."""


ROOMS: dict[str, str] = {"bench": "bench"}
"""What a command cannot do without, and not every installation has: the container image has no `bench/`."""


def offered(name: str) -> bool:
    """Whether this installation has all that the command needs."""
    wanted = [COMMANDS[name][0], *([ROOMS[name]] if name in ROOMS else [])]
    try:
        return all(find_spec(module) is not None for module in wanted)
    except ModuleNotFoundError:
        return False


class LazyGroup(TyperGroup):
    """Knows its commands by the table above; `--help` imports none of them."""

    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is typer's
        return [name for name in COMMANDS if offered(name)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in HIDDEN:
            return _load(cmd_name, HIDDEN[cmd_name])
        if cmd_name not in self.list_commands(ctx):
            return None
        module, summary = COMMANDS[cmd_name]
        if self._listing:
            return TyperCommand(cmd_name, help=summary)
        return _load(cmd_name, module)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False

    def invoke(self, ctx: Any) -> Any:
        """Whatever we raise on purpose is one clear line, and exit status 1."""
        try:
            return super().invoke(ctx)
        except EnmsError as problem:
            fail(problem)
        except ValueError as problem:
            from pydantic import ValidationError  # settings are read by most commands, but not by --help

            from cli.surroundings import settings_mistakes

            if not isinstance(problem, ValidationError) or problem.title != "Settings":
                raise
            fail(settings_mistakes(problem))


def fail(problem: EnmsError) -> None:
    """Print one line on stderr and end with status 1."""
    line = " ".join(str(problem).split())
    typer.echo(f"enms: {line}", err=True)
    raise typer.Exit(1)


def _load(name: str, module: str) -> Any:
    from cli import log

    log.to_stderr()
    room = importlib.import_module(module)
    if isinstance(app := getattr(room, "app", None), typer.Typer):
        app._add_completion = False  # noqa: SLF001 - completion belongs to the whole program
        command = get_command(app)
        command.name = name
        return command
    single = typer.Typer(add_completion=False)
    single.command(name, help=room.command.__doc__)(room.command)
    return get_command(single)


app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Real-time energy monitoring for key energy users. Start with: enms demo",
)


@app.callback()
def enms() -> None:
    """Real-time energy monitoring for key energy users. Start with: enms demo."""


def main() -> None:
    """Entry point of `python -m cli`."""
    app(prog_name="enms")
