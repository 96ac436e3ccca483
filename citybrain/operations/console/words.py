"""Plain words in the operator's language: one catalogue file a language, all with the same keys."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "ms": "Bahasa Melayu"}
FIRST = "en"
_FOLDER = Path(__file__).parent / "words"


class Words:
    """A catalogue.

    Parameters
    ----------
    language : str
        ``en`` or ``ms``; another falls back to English.
    """

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else FIRST
        self._catalogue = catalogue(self.language)

    def __call__(self, key: str, **values: object) -> str:
        """Return the words of a key with values put in; KeyError where there is no such key."""
        return self._catalogue[key].format(**values)

    def find(self, key: str, fallback: str, **values: object) -> str:
        """Return the words of a key that another part of the program chose; ``fallback`` where there are none."""
        text = self._catalogue.get(key)
        if text is None:
            return fallback
        try:
            return text.format(**values)
        except (KeyError, IndexError):
            return fallback

    def because(self, text: str) -> str:
        """Return reasons that the room gives in its own words (several with a semicolon between), where they are known."""
        return "; ".join(self.find(f"because.{_key(part)}", part) for part in text.split("; "))


def _key(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text.lower())


@cache
def catalogue(language: str) -> dict[str, str]:
    """Read a catalogue; keys are ``table.name``."""
    tables = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{table}.{name}": text for table, entries in tables.items() for name, text in entries.items()}
