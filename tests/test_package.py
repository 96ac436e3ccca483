"""What the package promises as a whole."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import citybrain
from citybrain.errors import CitybrainError, InputError, PlantError, UnsafeCommandError, nearest_hint

MODULES = sorted(
    m.name
    for m in pkgutil.walk_packages(citybrain.__path__, "citybrain.")
    if ".migrations" not in m.name  # scripts that Alembic runs, with a database at hand
)


def test_exported_names():
    assert citybrain.__all__ == ["__version__"]
    network = importlib.import_module("citybrain.network")
    assert network.__all__ == [
        "Edge", "Junction", "Lane", "Link", "Movement", "Network", "ProgramPhase", "Stage", "read_network",
    ]  # fmt: skip
    detection = importlib.import_module("citybrain.detection")
    for module in (citybrain, network, detection):
        for name in module.__all__:
            assert hasattr(module, name), name


def test_every_module_says_what_it_owns():
    for name in MODULES:
        assert (importlib.import_module(name).__doc__ or "").strip(), name


def test_errors_are_one_tree():
    for error in (InputError, PlantError, UnsafeCommandError):
        assert issubclass(error, CitybrainError)
    errors = importlib.import_module("citybrain.errors")
    assert all(name in errors.__doc__ for name in ("InputError", "PlantError", "UnsafeCommandError"))


def test_nearest_hint():
    assert nearest_hint("greddy", ["greedy", "max-wave"]) == " (did you mean 'greedy'?)"
    assert nearest_hint("zzzz", ["b", "a"]) == " (known: a, b)"
    assert nearest_hint("x", []) == ""


PROBE = """
import json, os, sys, warnings
before = dict(os.environ), list(sys.path), os.getcwd(), sorted(os.listdir("."))
opened = []
watching = True
def audit(event, args):
    if not watching:
        return
    if event == "open" and isinstance(args[0], str) and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        opened.append(args[0])
    if event in ("os.mkdir", "os.rename", "os.remove", "socket.connect", "subprocess.Popen", "os.putenv", "os.chdir"):
        opened.append(f"{event} {args[0]}")
sys.addaudithook(audit)
import importlib
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
watching = False
after = dict(os.environ), list(sys.path), os.getcwd(), sorted(os.listdir("."))
print(json.dumps({
    "changed": [a != b for a, b in zip(before, after)], "opened": opened,
    "sumo": sorted({"traci", "libsumo", "sumolib"} & set(sys.modules)),
}))
"""


def probe(folder: Path, *names: str) -> dict:
    work = folder / "work"
    work.mkdir()
    done = subprocess.run(
        [sys.executable, "-B", "-W", "error::UserWarning:citybrain", "-c", PROBE, json.dumps(names)],
        cwd=work, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin", "HOME": str(folder)},
    )  # fmt: skip
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_importing_the_package_touches_nothing(tmp_path):
    seen = probe(tmp_path, "citybrain")
    assert seen == {"changed": [False] * 4, "opened": [], "sumo": []}


def test_importing_every_module_changes_no_environment_and_starts_no_simulator(tmp_path):
    seen = probe(tmp_path, *MODULES)  # matplotlib and numba make their caches elsewhere
    assert seen["changed"] == [False] * 4
    assert not {"traci", "libsumo"} & set(seen["sumo"])


def test_the_command_line_starts_without_the_simulator(tmp_path):
    assert probe(tmp_path, "citybrain.cli")["sumo"] == []
