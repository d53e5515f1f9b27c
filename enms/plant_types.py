"""The words and numbers a plant file is made of, as types; an entry takes no key that it does not know."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from enms.plant_words import code, enterprise_code, known_unit, quarter_hour

Code = Annotated[str, AfterValidator(code)]
EnterpriseCode = Annotated[str, AfterValidator(enterprise_code)]
ClockTime = Annotated[str, BeforeValidator(str), AfterValidator(quarter_hour)]
UnitSymbol = Annotated[str, BeforeValidator(str), AfterValidator(known_unit)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Sign = Literal[1, -1]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
