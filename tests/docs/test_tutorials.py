"""The tutorials that say so are followed word for word, in an empty folder, and print what they show."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from blocks import ROOT, blocks, is_run, pages

TUTORIALS = [page for page in pages() if is_run(page)]


@pytest.mark.sumo
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_word_for_word(page, tmp_path):
    for file in page.parent.iterdir():
        if file.suffix != ".md":
            shutil.copy(file, tmp_path)
    printed = ""
    for block in blocks(page):
        if block.title:
            (tmp_path / block.title).parent.mkdir(exist_ok=True)
            (tmp_path / block.title).write_text(block.text, encoding="utf-8")
        elif block.language in ("sh", "python") and not block.skip:
            printed = followed(block, tmp_path)
        elif block.language == "text":
            shown_in(block, printed)


def followed(block, folder: Path) -> str:
    (folder / "bin").mkdir(exist_ok=True)
    citybrain = folder / "bin" / "citybrain"
    citybrain.write_text(f'#!/bin/sh\nexec {sys.executable} -m citybrain.cli "$@"\n', encoding="utf-8")
    citybrain.chmod(0o755)
    path = os.pathsep.join([str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    program = ["bash", "-euc"] if block.language == "sh" else [sys.executable, "-c"]
    done = subprocess.run(
        [*program, block.text], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
    )  # fmt: skip
    assert done.returncode == 0, f"{block.id}: {done.stderr or done.stdout}"
    return done.stdout


def shown_in(block, printed: str) -> None:
    """Each line shown is printed, in that order, whatever stands for ``…`` and however wide the columns are."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    for shown in filter(None, (" ".join(line.split()) for line in block.text.splitlines())):
        pattern = re.compile(re.escape(shown).replace("…", ".*").replace(re.escape("…"), ".*"))
        place = next((i for i, line in enumerate(lines) if pattern.fullmatch(line)), None)
        assert place is not None, f"{block.id}: {shown!r} was not printed:\n{printed}"
        del lines[: place + 1]
