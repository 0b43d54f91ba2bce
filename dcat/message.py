"""Sentences for people, in German and English at once: neither language can be forgotten."""

from dataclasses import dataclass
from typing import Literal

Lang = Literal["de", "en"]
LANGUAGES: tuple[Lang, ...] = ("de", "en")


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence in both languages."""

    de: str
    en: str

    def in_(self, lang: Lang) -> str:
        """Give the sentence in one language."""
        return self.en if lang == "en" else self.de

    def __str__(self) -> str:
        return self.de
