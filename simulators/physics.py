"""Constants of conversion the models share (GB/T 2589-2020; 29 307.6 kJ/kgce)."""

from __future__ import annotations

MJ_PER_KGCE = 29.3076
KGCE_PER_GJ = 1000 / MJ_PER_KGCE
KGCE_PER_KWH = 0.1229
KGCE_PER_KG_COKE = 0.9714
# Plant-made oxygen, electricity at its calorific value; the generic media table's 0.4 is bought oxygen.
KGCE_PER_NM3_OXYGEN = 0.07
# Superheated steam of a dry-quench boiler, and saturated steam of converter cooling, above feed water.
GJ_PER_T_HP_STEAM = 3.20
GJ_PER_T_SAT_STEAM = 2.75
