"""``citybrain new policy``: a package with a policy, its test and a study that scores it."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from string import Template

from citybrain.errors import InputError
from citybrain.signals.policy import policies

_TEMPLATES = Path(__file__).parent / "template"
FILES = {
    "pyproject.toml.txt": "pyproject.toml",
    "policy.py.txt": "$module.py",
    "test.py.txt": "test_$module.py",
    "study.toml.txt": "study.toml",
    "README.md.txt": "README.md",
}


def new_policy(name: str, folder: Path) -> list[Path]:
    """Write the package into ``folder``; return its files.

    Raises
    ------
    InputError
        If the name cannot be one of a policy or is taken, or the folder holds something.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or keyword.iskeyword(name):
        raise InputError(f"policy name {name!r}: needs small letters, digits and dashes, such as 'my-policy'")
    taken = policies().get(name)
    if taken is not None:
        raise InputError(f"policy name {name!r} is taken ({taken.summary}); give another")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is not empty; give another --out")
    words = {
        "name": name,
        "module": name.replace("-", "_"),
        "class_name": "".join(part.capitalize() for part in name.split("-")),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for source, target in FILES.items():
            path = folder / Template(target).substitute(words)
            text = Template((_TEMPLATES / source).read_text(encoding="utf-8")).substitute(words)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written to ({error.strerror})") from None
    return written
