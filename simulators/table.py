"""Readings as columns: one plant, one day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from simulators.condition import Mask
from simulators.meters import Whole
from simulators.noise import Array

NO_START = -1


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length.

    Attributes:
        point: index in the plant file.
        t: the reading's own time, ms UTC.
        start: of an interval reading; NO_START where it sends none.
        value: as shown.
        sent: when its message leaves, ms UTC.
        gateway: index of the gateway.
        rows: whether the reading must travel in the row form.
    """

    point: Whole
    t: Whole
    start: Whole
    value: Array
    sent: Whole
    gateway: Whole
    rows: Mask

    def __len__(self) -> int:
        return len(self.t)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All of them, one after the other."""
        return cls(
            point=np.concatenate([p.point for p in parts]),
            t=np.concatenate([p.t for p in parts]),
            start=np.concatenate([p.start for p in parts]),
            value=np.concatenate([p.value for p in parts]),
            sent=np.concatenate([p.sent for p in parts]),
            gateway=np.concatenate([p.gateway for p in parts]),
            rows=np.concatenate([p.rows for p in parts]),
        )

    def where(self, mask: Mask) -> Self:
        """The readings a mask chooses."""
        return replace(
            self,
            point=self.point[mask],
            t=self.t[mask],
            start=self.start[mask],
            value=self.value[mask],
            sent=self.sent[mask],
            gateway=self.gateway[mask],
            rows=self.rows[mask],
        )

    def in_order(self) -> Self:
        """As sent: by instant, gateway, time and point."""
        order = np.lexsort((self.point, self.t, self.gateway, self.sent))
        return replace(
            self,
            point=self.point[order],
            t=self.t[order],
            start=self.start[order],
            value=self.value[order],
            sent=self.sent[order],
            gateway=self.gateway[order],
            rows=self.rows[order],
        )
