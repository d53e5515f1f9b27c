"""What stands behind the door that another room provides; the real one is met in tests/test_flow.py."""

from __future__ import annotations

from collections.abc import Sequence

from api.deps import BackfillResult, BackfillRow, Refused
from enms.readings import Origin


class Sink:
    """Takes every row but those of the point `nobody`."""

    def __init__(self) -> None:
        self.rows: list[BackfillRow] = []
        self.origin: Origin | None = None

    async def __call__(
        self, enterprise: str, rows: Sequence[BackfillRow], origin: Origin = Origin.BACKFILL
    ) -> BackfillResult:
        assert enterprise
        self.origin = origin
        refused = tuple(
            Refused(i, "unknown_point", f"no point {row.point}") for i, row in enumerate(rows) if row.point == "nobody"
        )
        self.rows += [row for row in rows if row.point != "nobody"]
        return BackfillResult(len(rows) - len(refused), refused)
