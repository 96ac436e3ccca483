"""``report.html``: one self-contained page that says what a comparison found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from citybrain.evaluation.report.aggregate import Study
from citybrain.evaluation.report.page import render
from citybrain.evaluation.results import Results
from citybrain.network.model import Network

if TYPE_CHECKING:
    from citybrain.evaluation.run import RunRecord

__all__ = ["write_report"]


def write_report(path: Path, results: Results, records: Sequence[RunRecord], network: Network) -> None:
    """Write the report of a comparison as one HTML file that works offline.

    Parameters
    ----------
    path : Path
        The file to write; it is replaced in one step.
    results : Results
        All runs, failed ones included. The first run is the baseline's.
    records : sequence of RunRecord
        What the finished runs left; may be empty.
    network : Network
        The network that the runs drove on.
    """
    page = render(Study.of(results, records), network)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(page, encoding="utf-8")
    temporary.replace(path)
