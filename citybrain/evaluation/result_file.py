"""A ``results.json``: written in one step, read as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel


class ResultFile(BaseModel):
    """What a study found, as one JSON file: what was studied and how, then what each kind of study adds.

    Attributes
    ----------
    command, created : str
        How it was made, and when.
    """

    scenario: str
    sumo_version: str
    citybrain_version: str
    command: str = ""
    created: str = ""
    notes: tuple[str, ...] = ()

    def json_text(self) -> str:
        """Return the content of the file; what was not measured is left out."""
        return self.model_dump_json(indent=1, exclude_none=True)

    def write(self, path: Path) -> None:
        """Write as indented JSON, replacing the file in one step."""
        temporary = path.with_suffix(".tmp")
        temporary.write_text(self.json_text(), encoding="utf-8")
        temporary.replace(path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file written by :meth:`write`."""
        return cls.model_validate_json(path.read_text(encoding="utf-8"))
