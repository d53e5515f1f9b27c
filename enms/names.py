"""Names in both languages."""

from __future__ import annotations

from enms.plant_types import Strict


class Name(Strict):
    """A name in both languages."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en
