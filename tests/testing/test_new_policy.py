from __future__ import annotations

import os
import subprocess
import sys

import pytest

from citybrain.errors import InputError
from citybrain.studies.spec import read_spec
from citybrain.testing.new_policy import new_policy


def test_the_template_is_short_and_complete(tmp_path, monkeypatch):
    files = new_policy("my-wave-2", tmp_path / "p")
    assert sorted(path.name for path in files) == [
        "README.md", "my_wave_2.py", "pyproject.toml", "study.toml", "test_my_wave_2.py",
    ]  # fmt: skip
    policy = (tmp_path / "p" / "my_wave_2.py").read_text(encoding="utf-8")
    assert len(policy.splitlines()) <= 30
    assert "class MyWave2:" in policy
    for path in files:
        assert "$" not in path.read_text(encoding="utf-8")
    info = tmp_path / "p" / "my_wave_2-0.1.0.dist-info"  # what pip would write
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-wave-2\nVersion: 0.1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[citybrain.policies]\nmy-wave-2 = my_wave_2:MyWave2\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "p"))
    assert read_spec(tmp_path / "p" / "study.toml").policies == ("max-pressure", "my-wave-2")


@pytest.mark.sumo  # it takes as long
def test_the_template_passes_its_own_test(tmp_path):
    new_policy("mine", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "8 passed" in done.stdout


@pytest.mark.parametrize("name", ["My-Policy", "", "a b", "class", "../x", "1st", "a_b"])
def test_names_that_cannot_be(tmp_path, name):
    with pytest.raises(InputError, match="needs small letters"):
        new_policy(name, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_what_is_there_is_not_written_over(tmp_path):
    with pytest.raises(InputError, match="policy name 'greedy' is taken"):
        new_policy("greedy", tmp_path / "x")
    (tmp_path / "precious").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="is not empty"):
        new_policy("mine", tmp_path)
