"""The three plants, read once."""

from __future__ import annotations

import pytest

from enms.plant import Plant
from enms.plant_file import read_plant_file
from simulators.plant import SimulatedPlant
from simulators.scenario import plant_files


@pytest.fixture(scope="session")
def plants() -> dict[str, Plant]:
    """Plant files by enterprise code."""
    read = [read_plant_file(path) for path in plant_files()]
    return {p.enterprise.code: p for p in read}


@pytest.fixture(scope="session")
def steel(plants: dict[str, Plant]) -> SimulatedPlant:
    return SimulatedPlant(plants["demo-steel"], seed=1)


@pytest.fixture(scope="session")
def rare_earth(plants: dict[str, Plant]) -> SimulatedPlant:
    return SimulatedPlant(plants["demo-rare-earth"], seed=1)


@pytest.fixture(scope="session")
def power(plants: dict[str, Plant]) -> SimulatedPlant:
    return SimulatedPlant(plants["demo-power"], seed=1)
