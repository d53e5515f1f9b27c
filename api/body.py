"""What a request has in its body."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A body, or an object in one. A key that nobody knows is a mistake: misspelt, it would be left out untold."""

    model_config = ConfigDict(extra="forbid", frozen=True)
