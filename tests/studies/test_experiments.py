"""The studies that are shipped can be run as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from inline import Inline

from citybrain.studies.grid import expand
from citybrain.studies.spec import read_spec
from citybrain.studies.sweep import SweepRequest, sweep

FOLDER = Path(__file__).parents[2] / "experiments"
SPECS = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_can_be_read_and_is_in_the_list(path):
    spec = read_spec(path)
    variants = len(spec.all_policies) * (1 + len(spec.what_if))
    runs = variants * len(spec.scenarios) * len(spec.demand) * len(spec.sensors) * len(spec.seeds)
    listed = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    (row,) = [line for line in listed if line.startswith(f"| `{path.name}`")]
    assert row.split("|")[3].strip() == str(runs)


def test_the_first_one_runs_without_sumo(tmp_path):
    spec = read_spec(FOLDER / "first.toml")
    assert all(name.startswith("twin:") for name in spec.scenarios)
    short = tmp_path / "first.toml"
    short.write_text((FOLDER / "first.toml").read_text(encoding="utf-8") + "end_s = 30\n", encoding="utf-8")
    assert len(expand(read_spec(short), tmp_path)) == 36
    done = sweep(SweepRequest(spec=short, out=tmp_path / "out"), backend=Inline())
    assert not done.failed


@pytest.mark.sumo
@pytest.mark.usefixtures("resco")
def test_those_on_resco_find_their_scenarios():
    for name in ("cologne1", "resco", "sensors", "what_if"):
        runs = expand(read_spec(FOLDER / f"{name}.toml"), FOLDER)
        assert len({run.key for run in runs}) == len(runs)
