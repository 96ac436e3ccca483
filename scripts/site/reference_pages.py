"""One reference page for each part of the package, every module on it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(str(find_spec("citybrain").origin)).parent
PARTS = {
    "network": ("network",),
    "demand": ("demand",),
    "simulation": ("simulation",),
    "detection": ("detection",),
    "adaptive": ("signals/adaptive",),
    "priority": ("signals/priority",),
    "retiming": ("signals/retiming",),
    "signals": ("signals",),
    "evaluation": ("evaluation",),
    "studies": ("studies",),
    "integrations": ("integrations", "testing"),
    "core": ("messages.py", "loop.py", "errors.py"),
}
"""Folders and modules by page; a module belongs to the first page that names its folder. Other packages get pages too."""


def pages() -> Iterator[tuple[str, str]]:
    """Yield the place and the text of every page."""
    taken: set[Path] = set()
    named = {place.split("/")[0] for places in PARTS.values() for place in places}
    packages = {file.parent.name for file in PACKAGE.glob("*/__init__.py")}
    others = {package: (package,) for package in sorted(packages - named)}
    for part, places in {**PARTS, **others}.items():
        modules = [file for place in places for file in _modules(PACKAGE / place) if file not in taken]
        taken.update(modules)
        yield f"reference/{part}.md", "\n\n".join([f"# {part}", *(f"::: {name(file)}" for file in modules), ""])


def name(file: Path) -> str:
    """Return the dotted name of a module's file."""
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _modules(place: Path) -> list[Path]:
    if place.suffix == ".py":
        return [place]
    return sorted(file for file in place.rglob("*.py") if not file.stem.startswith("_") or file.stem == "__init__")
