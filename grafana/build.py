"""`python -m grafana.build`: write the dashboards and the reference data of the views.

What is committed is what this writes; a test compares.
"""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana import desks, oversight, walls
from grafana.reference import REFERENCE_SQL, reference_sql

FOLDER = Path(__file__).parent / "dashboards"


def dashboards() -> dict[str, list[Dashboard]]:
    """Every dashboard by the folder it lies in."""
    return {
        "walls": [walls.district(), walls.steel(), walls.rare_earth(), walls.power()],
        "desks": [
            desks.enterprise(),
            desks.enpi(),
            desks.motors(),
            desks.alerts(),
            oversight.quality(),
            oversight.league(),
            oversight.platform(),
        ],
    }


def files() -> dict[Path, str]:
    """Every generated file with its text."""
    made = {REFERENCE_SQL: reference_sql()}
    for folder, boards in dashboards().items():
        for board in boards:
            built = board.build()
            made[FOLDER / folder / f"{built.uid}.json"] = as_json(built)
    return made


def as_json(value: object) -> str:
    """As Grafana reads it, in an order that diffs well."""
    return json.dumps(value, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every generated file; take away dashboards that are no more."""
    made = files()
    for path in FOLDER.rglob("*.json"):
        if path not in made:
            path.unlink()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
