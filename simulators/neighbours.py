"""What one plant sells another: both sides meter the same stream."""

from __future__ import annotations

import numpy as np

from simulators.noise import Array, Dice

# Heat lost on the steam line between the power station and the rare-earth works.
LINE_LOSS = 0.06


def industrial_steam(dice: Dice) -> Array:
    """GJ/h of steam the rare-earth works takes at its own gate, as a share-free amount.

    The caller's plant does not matter: the stream belongs to the pair.
    """
    pair = Dice(dice.seed, "steam-line", dice.day)
    return np.clip(38.0 + pair.wave("steam", 2.0) + pair.grain("steam", 0.3), 30.0, 46.0)
