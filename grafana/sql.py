"""The query type that the SDK lacks: SQL for the PostgreSQL data source, from the files in `queries/`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Self

from grafana_foundation_sdk.cog import builder, runtime, variants
from grafana_foundation_sdk.models.common import DataSourceRef

FOLDER = Path(__file__).parent / "queries"
PLUGIN = "grafana-postgresql-datasource"
# Fixed, so that a dashboard finds its source on every Grafana; provisioning/datasources names it too.
SOURCE = "enms"


class Format(StrEnum):
    TABLE = "table"
    SERIES = "time_series"


def source() -> DataSourceRef:
    """Where every panel gets its data."""
    return DataSourceRef(type_val=PLUGIN, uid=SOURCE)


@cache
def read(name: str) -> str:
    """The text of `queries/{name}.sql`."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8").strip()


@dataclass(slots=True)
class SqlQuery(variants.Dataquery, builder.Builder[variants.Dataquery]):
    """One SQL query; its own builder, as it has nothing left to choose."""

    sql: str
    format: Format = Format.TABLE
    ref_id: str = "A"

    @classmethod
    def named(cls, name: str, form: Format = Format.TABLE, ref_id: str = "A") -> Self:
        """The query of `queries/{name}.sql`."""
        return cls(read(name), form, ref_id)

    def build(self) -> variants.Dataquery:
        return self

    def to_json(self) -> dict[str, object]:
        """As Grafana stores it."""
        return {
            "datasource": {"type": PLUGIN, "uid": SOURCE},
            "editorMode": "code",
            "format": str(self.format),
            "rawQuery": True,
            "rawSql": self.sql,
            "refId": self.ref_id,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(data["rawSql"], Format(data["format"]), data["refId"])


def register() -> None:
    """Teach the SDK to read our queries back."""
    runtime.register_dataquery_variant(runtime.DataqueryConfig(identifier=PLUGIN, from_json_hook=SqlQuery.from_json))
