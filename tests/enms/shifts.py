"""Shifts made for tests: coke burnt less gas recovered, over iron."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from enms.shift_values import ShiftInput, ShiftValue

T0 = datetime(2026, 11, 25, tzinfo=UTC)


def shift(n: int, coke: float | None, gas: float, output: float | None, code: str = "day") -> ShiftValue:
    """The nth shift of eight hours; coke and gas in kgce. Without output (0) it stood idle."""
    energy = (coke - gas) / 1000 if coke is not None else None
    known = energy is not None and bool(output)
    idle = energy is not None and output == 0
    return ShiftValue(
        shift=code, start=T0 + n * timedelta(hours=8), end=T0 + (n + 1) * timedelta(hours=8),
        value=energy * 1000 / output if energy is not None and output else None, low=None, high=None, completeness=1.0,
        state="known" if known else "idle" if idle else "unknown", reason=None, energy_tce=energy, output=output,
        per_kgce=1.0, inputs=(ShiftInput("coke", "coke", coke), ShiftInput("gas", "blast_furnace_gas", -gas)),
    )  # fmt: skip


BEFORE = [shift(n - 9, 400_000.0 + n * 1000, 50_000.0, 1000.0) for n in range(6)]
