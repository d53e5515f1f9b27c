"""Current efficiency by Faraday's law."""

from __future__ import annotations

import pytest

from enms.electrolysis import current_efficiency


def test_a_cell_at_its_electrochemical_equivalent_is_at_one() -> None:
    assert current_efficiency(1.78 * 600, 600) == pytest.approx(1.0)


def test_a_day_of_a_25_ka_cell() -> None:
    assert current_efficiency(823.0, 25 * 24) == pytest.approx(0.7706, abs=1e-4)


def test_without_current_there_is_none() -> None:
    assert current_efficiency(10.0, 0.0) is None
