"""Recordings that were cut short or written by something else: one line says which, and what to do."""

import json

import numpy as np
import pytest

from citybrain.errors import InputError
from citybrain.evaluation.incidents.recording import read_recorded


def test_a_recording_without_its_entries_is_named(tmp_path):
    (tmp_path / "recording.json").write_text("{}")
    np.savez(tmp_path / "edges.npz", time_s=np.zeros(1), vehicles=np.zeros(1), waiting=np.zeros(1))
    with pytest.raises(InputError, match=f"{tmp_path}.*'incidents'.*record it again"):
        read_recorded(tmp_path)


def test_a_recording_that_was_cut_short_is_named(tmp_path):
    (tmp_path / "recording.json").write_text(json.dumps({"incidents": []}))
    (tmp_path / "edges.npz").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(InputError, match=f"{tmp_path}.*record it again"):
        read_recorded(tmp_path)
