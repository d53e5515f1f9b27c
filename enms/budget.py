"""What an enterprise plans to use in a year."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from enms.names import Name
from enms.plant_types import Code, Positive, Strict
from enms.tce_basis import TceBasis


class Budget(Strict):
    """What an enterprise plans to use in a year of its own calendar: t of standard coal, of coal, or of CO2.

    Attributes:
        since: the plan is for the time from this day on to the end of the year.
        non_fossil: electricity meters whose amounts do not count: power that is counted as bought, from sources without
            fossil fuel.
        feedstock: meters of what is bought as a raw material and not burned; it counts in carbon dioxide only.
    """

    code: Code
    name: Name | None = None
    measure: Literal["tce", "coal", "tco2"]
    basis: TceBasis = TceBasis.CALORIFIC
    year: int = Field(ge=2000, le=2100)
    since: date | None = None
    amount: Positive
    non_fossil: tuple[Code, ...] = ()
    feedstock: tuple[Code, ...] = ()
