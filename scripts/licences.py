"""Whether everything that citybrain brings along may be used: the licence of each package against a list.

    python scripts/licences.py                # what `pip install citybrain` brings, and the extras that are installed
    python scripts/licences.py --table        # all of them as a table

Reads what the installed packages say of themselves. Exits with 1 and names the packages where a licence is not on the list.
"""

from __future__ import annotations

import argparse
import re
import sys
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ALLOWED = (
    "apache", "bsd", "mit", "isc", "psf", "python software foundation", "mpl-2.0", "mozilla public license 2.0", "epl-2.0",
    "eclipse public license", "hpnd", "historical permission notice", "zlib", "unlicense", "0bsd", "public domain", "cc0",
    "boost", "zpl", "matplotlib",
)  # fmt: skip
"""Permissive licences, and the weak copyleft of files that we do not change (EPL of SUMO, MPL)."""
REVIEWED = {
    "docutils": "public domain but for files under the BSD licence; the one under the GPL, for Emacs, is not in its wheel",
    "psycopg": "LGPL: an extra that nobody need install, imported as it is and replaceable",
    "psycopg-binary": "as psycopg",
}
"""Packages that say more than one licence, or one that is not on the list, and why they may be used all the same."""
_CLASSIFIER = "License :: OSI Approved :: "


def brought(root: str = "citybrain") -> dict[str, metadata.Distribution]:
    """Return every installed package that ``root`` needs, its extras included, by canonical name."""
    found: dict[str, metadata.Distribution] = {}
    todo = [(root, frozenset[str]())]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        name, extras = todo.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # an extra that is not installed, or a package for another system
        found[canonicalize_name(name)] = package
        own = frozenset(package.metadata.get_all("Provides-Extra") or ()) if name == root else extras
        for text in package.requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *own)):
                todo.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return found


def licence(package: metadata.Distribution) -> str:
    """Return what a package says of its licence: the expression, else the classifiers, else the first line of the text."""
    about = package.metadata
    if about.get("License-Expression"):
        return str(about["License-Expression"])
    classes = [c.removeprefix(_CLASSIFIER) for c in about.get_all("Classifier") or () if c.startswith(_CLASSIFIER)]
    text = str(about.get("License") or "").strip().split("\n")[0]
    return " AND ".join(classes) or text or "not said"


def is_allowed(text: str) -> bool:
    """Return whether every part of a licence is on the list, one of each choice (``OR``) being enough."""
    needed = re.split(r"\s+AND\s+|;", text.replace("(", " ").replace(")", " "))
    return all(
        any(any(name in choice.lower() for name in ALLOWED) for choice in re.split(r"\s+OR\s+", part))
        for part in needed
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", action="store_true", help="show every package")
    show = parser.parse_args().table
    packages = {name: (package.version, licence(package)) for name, package in sorted(brought().items())}
    if show:
        print("| package | version | licence |\n|---|---|---|")
        for name, (version, text) in packages.items():
            print(f"| {name} | {version} | {text} |")
    doubtful = {name: text for name, (_, text) in packages.items() if not is_allowed(text)}
    for name in doubtful.keys() & REVIEWED.keys():
        print(f"{name}: {doubtful[name]}: {REVIEWED[name]}", file=sys.stderr)
    refused = {name: text for name, text in doubtful.items() if name not in REVIEWED}
    for name, text in refused.items():
        print(f"{name}: licence {text!r} is not on the list of scripts/licences.py", file=sys.stderr)
    print(f"{len(packages)} packages, {len(refused)} refused", file=sys.stderr)
    sys.exit(bool(refused))


if __name__ == "__main__":
    main()
