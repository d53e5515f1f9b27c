"""One message catalogue, two languages. The texts in code and templates are English and are the keys."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

_FOLDER = Path(__file__).parent / "locale"
LOCALES = {"zh": "zh_CN", "en": "en"}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A language's messages."""

    language: str
    messages: dict[str, str]

    def __call__(self, message: str, **values: object) -> str:
        """The message in this language; `%(name)s` stands for values."""
        text = self.messages.get(message) or message
        return text % values if values else text

    @property
    def tag(self) -> str:
        """For the html element."""
        return "zh-CN" if self.language == "zh" else "en"


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of zh or en."""
    path = _FOLDER / LOCALES[language] / "LC_MESSAGES" / "console.po"
    with path.open("rb") as file:
        found = read_po(file)
    return Catalogue(language, {str(m.id): str(m.string) for m in found if m.id and m.string})
