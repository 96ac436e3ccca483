"""Tables in the docs that benchmarks write: whatever stands between two marks is replaced."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

SCOREBOARD = Path(__file__).resolve().parents[1] / "docs" / "scoreboard.md"


def marks(what: str, script: str) -> tuple[str, str]:
    """Return the marks before and after a table."""
    return f"<!-- {what} table: written by benchmarks/{script} -->", f"<!-- end of {what} table -->"


def replace_table(page: Path, lines: Sequence[str], *, what: str, script: str) -> None:
    """Put lines between a table's marks; a page without them gets them at its end."""
    start, end = marks(what, script)
    text = page.read_text(encoding="utf-8")
    if start not in text:
        text += f"\n{start}\n{end}\n"
    head, _, rest = text.partition(start)
    _, _, tail = rest.partition(end)
    page.write_text("\n".join([head + start, "", *lines, "", end + tail]), encoding="utf-8")
    print("\n".join(lines))
