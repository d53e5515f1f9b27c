"""Molten-salt electrolysis of rare earths: how much of the current became metal."""

from __future__ import annotations

# Praseodymium-neodymium, by Faraday: 3 electrons an atom, about 143.7 g/mol for three parts of Nd to one of Pr.
PRND_G_PER_AH = 1.78


def current_efficiency(metal_kg: float, charge_kah: float, *, g_per_ah: float = PRND_G_PER_AH) -> float | None:
    """Share of the current that became metal, over a day or longer.

    Args:
        metal_kg: tapped, kg. A single tap says nothing about a cell: metal stays in it.
        charge_kah: through the cells, kA·h.
        g_per_ah: electrochemical equivalent of the metal.

    Returns:
        None where no current flowed.
    """
    return metal_kg / (charge_kah * g_per_ah) if charge_kah > 0 else None
