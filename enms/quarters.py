"""The ledger's grid: quarter hours in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from enms.metering import INTERVAL_S

QUARTER = timedelta(seconds=INTERVAL_S)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def quarter_floor(at: datetime) -> datetime:
    """The quarter hour that `at` is in."""
    return at - (at - _EPOCH) % QUARTER


def quarter_ceil(at: datetime) -> datetime:
    """The first quarter hour that starts at `at` or after it."""
    return at + (_EPOCH - at) % QUARTER
