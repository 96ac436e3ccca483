"""Files that once made a reader fail otherwise than it may: the smallest that ``benchmarks/fuzz_readers.py`` found.

A file is called after its reader there; read again, it is an InputError of one line or no error at all.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))

from fuzz_readers import complaint, readers  # noqa: E402

FILES = sorted(path for path in HERE.iterdir() if path.suffix not in (".py", ".pyc") and path.is_file())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_broken_file_is_refused_in_one_line(path, tmp_path):
    known = readers(tmp_path)
    reader = next(known[name] for name in sorted(known, key=len, reverse=True) if path.name.startswith(name))
    assert complaint(reader, path.read_bytes(), tmp_path) is None
