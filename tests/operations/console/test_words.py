"""Both catalogues are complete, and the console asks for no word that they lack."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from citybrain.operations import console
from citybrain.operations.actions import MAY
from citybrain.operations.console.words import FIRST, LANGUAGES, Words, catalogue
from citybrain.operations.messages import LEVELS

FOLDER = Path(console.__file__).parent
SOURCES = sorted(FOLDER.rglob("*.py"))


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != FIRST])
def test_same_keys_and_same_values_in_every_language(language: str) -> None:
    first, other = catalogue(FIRST), catalogue(language)
    assert other.keys() == first.keys()
    for key, text in first.items():
        assert fields(other[key]) == fields(text), key
        assert other[key].strip()


def test_every_key_that_the_console_says_is_there() -> None:
    known = catalogue(FIRST)
    asked = {key for path in SOURCES for key in re.findall(r'say\(\s*"([a-z_.0-9]+)"', path.read_text())}
    assert len(asked) > 40
    assert asked <= known.keys()


def test_every_family_of_keys_is_whole() -> None:
    known = catalogue(FIRST)
    families = {
        "level": LEVELS,
        "kind": sorted(MAY["operator"]),
        "ask": sorted(MAY["operator"]),
        "state": ("lost", "alert", "degraded", "congested", "busy", "normal"),
        "sensor": ("ok", "stale", "dead"),
        "incidents": ("suspected", "accepted", "dismissed", "over"),
        "why": ("adaptive", "plan", "isolated", "operator", "emergency", "interlock"),
        "role": tuple(MAY),
    }
    missing = [
        f"{table}.{name}" for table, names in families.items() for name in names if f"{table}.{name}" not in known
    ]
    assert missing == []


def test_words_of_others_fall_back_to_what_they_wrote() -> None:
    say = Words("ms")
    assert say("tab.junction") == "Simpang"
    assert say.find("alarm.unheard-of", "as it was written") == "as it was written"
    assert say.find("ask.lock_stage", "no stage known") == "no stage known"
    assert Words("xx").language == FIRST
    assert say.because("its sensors are dead; something new") == "penderianya rosak; something new"
