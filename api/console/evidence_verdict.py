"""What one version of an alert's evidence judged: the alert's own row has only what is known now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from db.alerts import AlertRow, EvidenceRow


@dataclass(frozen=True, slots=True)
class Verdict:
    """Value and limit in `unit`, and how sure it is; None: that version says nothing of it."""

    value: float | None
    limit: float | None
    unit: str
    certainty: str | None


def verdict_of(version: EvidenceRow, alert: AlertRow, *, stands: bool) -> Verdict:
    """The verdict of a version.

    Args:
        version: of the alert's evidence.
        alert: as it is now.
        stands: it is the last version: what its kind of evidence does not repeat is the alert's own.
    """
    body: dict[str, Any] = json.loads(version.body)
    found = body.get("result")
    result: dict[str, Any] = found if isinstance(found, dict) else {}
    own: dict[str, Any] = {}
    if stands:
        own = {"value": alert.value, "limit": alert.limit_value, "certainty": alert.certainty}
    said = own | {key: result[key] for key in ("value", "limit", "certainty") if key in result}
    certainty = said.get("certainty")
    return Verdict(
        _number(said.get("value")),
        _number(said.get("limit")),
        str(result.get("unit") or alert.unit),
        None if certainty is None else str(certainty),
    )


def _number(said: object) -> float | None:
    return None if said is None else float(str(said))
