"""Which gateway sends which point.

The demo plants have several gateways each, one of them an old one that polls meter after meter and stamps each by its
own clock; any other plant has one.
"""

from __future__ import annotations

from collections.abc import Mapping

from enms.plant import Plant
from enms.points import Point
from simulators.meters import Gateway

ONLY = Gateway("gw1")
_MES = Gateway("mes", delay_ms=45_000)
_LIMS = Gateway("lims", delay_ms=5_000)
_IRON, _STEEL = Gateway("iron"), Gateway("steel", spread_ms=20_000, jitter_ms=400, delay_ms=1_500)
_ENERGY = Gateway("energy", delay_ms=900)
_HYDRO, _CELLS = Gateway("hydro"), Gateway("cells", delay_ms=800)
_UNIT1, _UNIT2, _COMMON = Gateway("unit1", delay_ms=600), Gateway("unit2", delay_ms=700), Gateway("common")

_BY_PROCESS: Mapping[str, Mapping[str, Gateway]] = {
    "demo-steel": dict.fromkeys(("coking", "sinter", "pellet", "bf1", "bf2"), _IRON)
    | dict.fromkeys(("bof", "bof1", "bof2", "cast", "roll"), _STEEL)
    | dict.fromkeys(("site", "oxy", "cpp", "gas", "steam", "util", "aux"), _ENERGY),
    "demo-rare-earth": dict.fromkeys(("site", "roast", "leach", "sep", "calcine", "util"), _HYDRO) | {"elys": _CELLS},
    "demo-power": dict.fromkeys(("site", "fuel", "heat", "steam"), _COMMON) | {"u1": _UNIT1, "u2": _UNIT2},
}


def assign(plant: Plant) -> dict[str, Gateway]:
    """The gateway of every metered point, by code."""
    known = _BY_PROCESS.get(plant.enterprise.code, {})
    return {p.code: _gateway(p, known) for p in plant.points if p.virtual is None}


def _gateway(point: Point, by_process: Mapping[str, Gateway]) -> Gateway:
    if not by_process:
        return ONLY
    if point.reading == "interval":
        return _MES
    if point.reporting == "on_change":
        return _LIMS
    return by_process.get(point.process or "", ONLY)
