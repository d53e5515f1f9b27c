"""The two ways in which standard coal is counted."""

from __future__ import annotations

from enum import StrEnum


class TceBasis(StrEnum):
    """当量 counts the energy in the carrier, 等价 the energy it took to make it (GB/T 2589 3.6, 3.7)."""

    CALORIFIC = "calorific"
    EQUIVALENT = "equivalent"
