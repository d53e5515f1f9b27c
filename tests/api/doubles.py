"""What stands behind the door that another room provides; the real one is met in tests/test_flow.py."""

from __future__ import annotations

from collections.abc import Sequence

from api.deps import BackfillResult, BackfillRow, Refused


class Sink:
    """Takes every row but those of the point `nobody`."""

    def __init__(self) -> None:
        self.rows: list[BackfillRow] = []

    async def __call__(self, enterprise: str, rows: Sequence[BackfillRow]) -> BackfillResult:
        assert enterprise
        refused = tuple(
            Refused(i, "unknown_point", f"no point {row.point}") for i, row in enumerate(rows) if row.point == "nobody"
        )
        self.rows += [row for row in rows if row.point != "nobody"]
        return BackfillResult(len(rows) - len(refused), refused)
