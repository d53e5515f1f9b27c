"""What a point's page says of whether it can be trusted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from api.console.i18n import catalogue
from api.console.trust import verdicts

POINT = SimpleNamespace(accuracy_class=0.5, calibrated=date(2025, 11, 24))


@pytest.mark.parametrize(("zone", "look"), [("Asia/Shanghai", "bad"), ("UTC", "")])
def test_a_calibration_is_old_by_the_date_where_the_plant_is(zone, look):
    # 366 days by UTC's date, 367 by Shanghai's
    now = datetime(2026, 11, 25, 20, tzinfo=UTC)
    calibrated = verdicts(catalogue("en"), POINT, None, [], [], now, ZoneInfo(zone))[-1]
    assert (calibrated.says, calibrated.look) == ("2025-11-24", look)
