"""The code blocks of the documentation, and what a comment before them says of their test.

``<!-- test: run -->`` at the top of a page: its blocks are run in their order in one folder. ``<!-- test: skip, WHY -->`` before
a block: it is not run, for that reason. A block with a ``title`` is a file, a ``text`` block is what the command before it prints, where
``…`` stands for anything.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
_MARK = re.compile(r"<!-- test: (run|skip, (.+?)) -->")
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Block:
    page: str
    line: int
    language: str
    text: str
    title: str = ""
    skip: str = ""

    @property
    def id(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every page that shows commands or code."""
    others = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "networks").glob("*/README.md")]
    return [*others, *sorted((ROOT / "experiments").rglob("README.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found, skip = [], ""
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "html_block":
            mark = _MARK.search(token.content)
            skip = (mark[2] or "") if mark else skip
        elif token.type in ("fence", "code_block"):
            language = token.info.split()[0] if token.info.strip() else ""
            title = _TITLE.search(token.info)
            name = str(page.relative_to(ROOT))
            found.append(Block(name, token.map[0] + 1, language, token.content, title[1] if title else "", skip))
            skip = ""
    return found


def is_run(page: Path) -> bool:
    """Whether the page says that it is run as a whole."""
    return page.read_text(encoding="utf-8").startswith("<!-- test: run -->")


def commands(block: Block) -> list[list[str]]:
    """The commands of a block, one list of words each; lines that are no command are left out."""
    if block.language not in ("", "sh", "bash"):
        return []
    lines = block.text.replace("\\\n", " ").splitlines()
    parts = (part.strip() for line in lines for part in re.split(r"&&|\|\|", line))
    return [words for part in parts if _starts_a_command(part) and (words := shlex.split(part, comments=True))]


def _starts_a_command(line: str) -> bool:
    return bool(re.match(r"(citybrain|python|pytest|scripts/\w+|pip install) ?", line)) and not line.startswith(
        "python:"
    )
