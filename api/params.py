"""Query parameters that many resources share, described once."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from api.csv_out import Format

# What the database numbers rows with: what it cannot hold is a mistake, wherever it stands.
RowNumber = Annotated[int, Field(ge=1, lt=2**63)]
EnterpriseCode = Annotated[
    str, Query(alias="enterprise", description="Enterprise code", examples=["demo-steel"], max_length=200)
]
AnyEnterprise = Annotated[
    str | None, Query(alias="enterprise", description="Only this enterprise", examples=["demo-steel"], max_length=200)
]
PointCode = Annotated[
    str, Query(alias="point", description="Point code", examples=["bf1.elec.active_energy"], max_length=200)
]
PointCodes = Annotated[
    list[str],
    Query(
        alias="point",
        description="Point code; repeat it for more points",
        examples=[["bf1.elec.active_energy"]],
        min_length=1,
        max_length=200,
    ),
]
From = Annotated[
    str | None,
    Query(
        alias="from",
        description="Begin, included: RFC 3339 with offset, or YYYY-MM-DD for the begin of that day at the enterprise",
        examples=["2026-11-22T00:00:00+08:00"],
        max_length=64,
    ),
]
To = Annotated[
    str | None,
    Query(
        alias="to", description="End, excluded; now if left out", examples=["2026-11-23T00:00:00+08:00"], max_length=64
    ),
]
AsOf = Annotated[
    str | None,
    Query(
        description="What was known at that instant (RFC 3339 with offset); now if left out",
        examples=["2026-11-22T18:00:00+08:00"],
        max_length=64,
    ),
]
Limit = Annotated[int | None, Query(ge=1, description="Most items in this answer; 1 000 unless the table is a series")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before", max_length=1000)]
FormatChoice = Annotated[Format, Query(alias="format", description="json, or csv with the same columns")]
Bom = Annotated[bool, Query(description="Put UTF-8's mark in front of the CSV, for Excel")]
