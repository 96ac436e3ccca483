"""Where the written cities are, and where what is built from them is cached."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from citybrain.errors import InputError, nearest_hint

_PACKAGE = Path(__file__).resolve().parent.parent


def _city_roots() -> tuple[Path, ...]:
    """Folders that hold cities: the checkout's, then the one inside an installed wheel."""
    return (_PACKAGE.parent / "networks", _PACKAGE / "_networks")


def city_names() -> tuple[str, ...]:
    """Return the names of the cities that are written down, sorted."""
    found = {
        folder.name.replace("_", "-")
        for root in _city_roots()
        if root.is_dir()
        for folder in root.iterdir()
        if (folder / "corridors.toml").is_file()
    }
    return tuple(sorted(found))


def city_folder(name: str) -> Path:
    """Return the folder of a written city, ``networks/<name with - as _>``.

    Raises
    ------
    InputError
        If no such city is written down.
    """
    for root in _city_roots():
        folder = root / name.replace("-", "_")
        if (folder / "corridors.toml").is_file():
            return folder
    raise InputError(f"unknown city {name!r}{nearest_hint(name, city_names())}")


def sources_hash(sources: Iterable[Path], *parts: str) -> str:
    """Hash the content of some source files, SUMO's version and any further parts.

    Files that differ in name or content give different hashes; where they lie does not matter.
    """
    digest = hashlib.sha256(version("eclipse-sumo").encode())
    for source in sorted(sources, key=lambda path: path.name):
        digest.update(source.name.encode() + b"\0")
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


def cache_folder(key: str) -> Path:
    """Return the folder for one built thing: ``$CITYBRAIN_CACHE`` or ``~/.cache/citybrain``, then its key."""
    home = os.environ.get("CITYBRAIN_CACHE")
    base = os.environ.get("XDG_CACHE_HOME")
    root = Path(home) if home else (Path(base) if base else Path.home() / ".cache") / "citybrain"
    return root / key
