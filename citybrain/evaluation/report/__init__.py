"""``report.html``: one self-contained page that says what a comparison found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from citybrain.evaluation.results import Results
from citybrain.network.model import Network

if TYPE_CHECKING:
    from citybrain.evaluation.run import RunRecord


def write_report(path: Path, results: Results, records: Sequence[RunRecord], network: Network) -> None:  # noqa: ARG001
    """Write the report."""
    path.write_text(f"<!doctype html><title>{results.scenario}</title>", encoding="utf-8")
