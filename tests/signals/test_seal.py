"""Nobody but the interlock makes a command."""

from __future__ import annotations

import ast
import copy
import dataclasses
from pathlib import Path

import pytest
from builders import one_junction

import citybrain
from citybrain.messages import Command
from citybrain.network.intergreens import SignalRules
from citybrain.signals.interlock import Interlock

SOURCES = sorted(Path(citybrain.__file__).parent.rglob("*.py"))
MAKER = Path("signals/interlock.py")


@pytest.mark.parametrize("seal", [{}, {"seal": None}, {"seal": object()}, {"seal": True}, {"seal": "seal"}])
def test_a_command_cannot_be_built_outside_the_interlock(seal):
    with pytest.raises(PermissionError, match=r"junction J: .*'GG' was not made by the interlock"):
        Command(junction=0, junction_id="J", state="GG", **seal)


def test_a_command_cannot_be_altered_or_forged_from_another():
    (command,) = Interlock(one_junction(["Gr", "rG"], [(0, 1)]), SignalRules()).start(0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        command.state = "GG"
    assert not hasattr(command, "seal") or command.seal is None
    for forged in ({"state": "GG"}, {"state": "GG", "seal": object()}):
        with pytest.raises(PermissionError):
            dataclasses.replace(command, **forged)
    assert copy.copy(command) == command


def names_in(path: Path) -> set[str]:
    """Names a module calls or imports, and attributes it touches."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            target = node.func
            found.add(f"{target.id if isinstance(target, ast.Name) else getattr(target, 'attr', '')}()")
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found


def test_no_other_module_makes_commands_or_holds_the_seal():
    assert len(SOURCES) > 30
    root = Path(citybrain.__file__).parent
    makers = {p.relative_to(root) for p in SOURCES if "Command()" in names_in(p)}
    keepers = {p.relative_to(root) for p in SOURCES if "_SEAL" in names_in(p)}
    assert makers == {MAKER}
    assert keepers == {MAKER}


def test_only_the_loop_and_the_plants_pass_commands_on():
    root = Path(citybrain.__file__).parent
    users = {p.relative_to(root).as_posix() for p in SOURCES if "Command" in names_in(p)}
    assert users <= {
        "signals/interlock.py", "simulation/plant.py", "simulation/sumo.py", "simulation/pointqueue.py",
        "evaluation/emergency/watched.py", "evaluation/incidents/recording.py",  # plants around a plant
        "evaluation/performance/recorder.py",
        "simulation/recording.py",  # a plant that plays what was recorded, and obeys nobody
    }  # fmt: skip
