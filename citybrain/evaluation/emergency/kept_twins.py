"""Twins on disk: a study that was cut short goes on, and variants share what does not differ between them."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import fields
from functools import cache
from pathlib import Path

import citybrain
from citybrain.evaluation.emergency.spec import TwinSpec
from citybrain.evaluation.emergency.twin import TwinRecord
from citybrain.evaluation.warm import scenario_key
from citybrain.simulation.sumo import sumo_version

FOLDER = "twins"


class KeptTwins:
    """Finds and keeps the records of twins, by all that decides them, this program's own source included.

    Parameters
    ----------
    out : Path
        Results folder to keep them in.
    reuse : Path, optional
        Another one to look in.
    """

    def __init__(self, out: Path, reuse: Path | None) -> None:
        self._out = out / FOLDER
        self._places = [self._out, *([reuse / FOLDER] if reuse is not None else [])]

    def find(self, spec: TwinSpec) -> TwinRecord | None:
        """Return the record of a twin, if it is there; a file that cannot be read is none."""
        name = f"{spec_key(spec)}.pkl"
        for place in self._places:
            try:
                record = pickle.loads((place / name).read_bytes())  # noqa: S301  the user's own results folder
            except (OSError, EOFError, pickle.UnpicklingError, AttributeError, ImportError):
                continue
            if isinstance(record, TwinRecord):
                return record
        return None

    def keep(self, spec: TwinSpec, record: TwinRecord) -> None:
        """Write a record."""
        self._out.mkdir(parents=True, exist_ok=True)
        path = self._out / f"{spec_key(spec)}.pkl"
        temporary = path.with_suffix(".part")
        temporary.write_bytes(pickle.dumps(record, protocol=pickle.HIGHEST_PROTOCOL))
        temporary.replace(path)


def spec_key(spec: TwinSpec) -> str:
    """Return a hash of a spec; where files lie does not count, what is in them does."""
    parts = [(f.name, repr(getattr(spec, f.name))) for f in fields(spec) if f.name not in {"scenario", "fork"}]
    scenario = spec.scenario
    parts += [
        ("scenario", scenario_key(scenario)),
        ("rules", repr(scenario.rules)),
        ("fork", repr(spec.fork.time_s)),
        ("source", _source_key()),
    ]
    return hashlib.sha256(repr((parts, sumo_version())).encode()).hexdigest()[:24]


@cache
def _source_key() -> str:
    """Hash of this package: a twin of another version may have gone another way."""
    digest = hashlib.sha256()
    for path in sorted(Path(citybrain.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
