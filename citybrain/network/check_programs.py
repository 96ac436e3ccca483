"""Look over the signal programs that come in files beside the net, such as ``plans.add.xml``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from lxml import etree

from citybrain.errors import InputError
from citybrain.network.check_rules import Severity
from citybrain.network.model import GREEN, Junction, Network


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenProgram:
    """A ``tlLogic`` of a file."""

    file: Path
    junction: str
    program: str
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRule:
    """What is looked for in a program whose junction is known, why it matters, what to do about it."""

    name: str
    severity: Severity
    why: str
    fix: str
    find: Callable[[Network, Junction, WrittenProgram], Iterator[str]]


def read_programs(files: Iterable[Path]) -> list[WrittenProgram]:
    """Read the programs of additional files; those that hold none give none.

    Raises
    ------
    InputError
        If a file is missing or is not XML.
    """
    found = []
    for path in files:
        try:
            root = etree.parse(str(path)).getroot()  # lxml unpacks gzip by itself
        except etree.XMLSyntaxError as error:
            raise InputError(f"{path}: broken XML ({' '.join(str(error).split())})") from None
        except OSError:
            raise InputError(f"{path}: no such file; its signal programs cannot be checked") from None
        for logic in root.iter("tlLogic"):
            states = tuple(phase.get("state", "") for phase in logic.iter("phase"))
            if states:
                found.append(
                    WrittenProgram(
                        file=path, junction=logic.get("id"), program=logic.get("programID", "0"), states=states
                    )
                )
    return found


def _wrong_length(_network: Network, junction: Junction, program: WrittenProgram) -> Iterator[str]:
    for state in program.states:
        if len(state) != junction.n_links:
            yield f"phase {state} has {len(state)} lamps, the signal has {junction.n_links}"


def _unserved(network: Network, junction: Junction, program: WrittenProgram) -> Iterator[str]:
    for movement in (network.movements[index] for index in junction.movements):
        if not any(_lamp(state, movement.link) in GREEN | {"s"} for state in program.states):
            yield f"link {movement.link} has no green in any phase"


def _conflicting(_network: Network, junction: Junction, program: WrittenProgram) -> Iterator[str]:
    for a, b in np.argwhere(np.triu(junction.conflicts)):
        for state in program.states:
            if _lamp(state, a) == "G" == _lamp(state, b):
                yield f"links {a} and {b} conflict and are both 'G' in phase {state}"
                break


def _no_yellow(network: Network, junction: Junction, program: WrittenProgram) -> Iterator[str]:
    for movement in (network.movements[index] for index in junction.movements):
        lamps = [_lamp(state, movement.link) for state in program.states]
        if not movement.is_crossing and any(a in GREEN and b == "r" for a, b in pairwise([*lamps, lamps[0]])):
            yield f"link {movement.link} goes from green to red without yellow"


def _lamp(state: str, link: int) -> str:
    return state[link] if link < len(state) else ""


PROGRAM_RULES: tuple[ProgramRule, ...] = (
    ProgramRule(
        name="program-length", severity="error", find=_wrong_length,
        why="SUMO refuses to load the program",
        fix="the plan was made for another net; write it again for this one",
    ),
    ProgramRule(
        name="program-unserved", severity="error", find=_unserved,
        why="under this plan vehicles that want to go there wait for ever",
        fix="give the link green in a phase",
    ),
    ProgramRule(
        name="program-conflict", severity="error", find=_conflicting,
        why="under this plan two crossing streams drive at the same time, both sure of their right of way",
        fix="make one of the two permissive ('g') or move it into another phase",
    ),
    ProgramRule(
        name="program-yellow", severity="warning", find=_no_yellow,
        why="drivers who cannot stop any more brake hard or pass at red",
        fix="put a phase with 'y' between the green and the red",
    ),
)  # fmt: skip


def check_programs(network: Network, programs: Iterable[WrittenProgram]) -> Iterator[tuple[ProgramRule, str, str]]:
    """Apply the rules; yields the rule, the junction and what is wrong with which program there."""
    for program in programs:
        index = network.junction_index(program.junction)
        if index < 0:
            yield (
                UNKNOWN_SIGNAL,
                program.junction,
                f"program {program.program!r} of {program.file.name}: no such signal",
            )
            continue
        for rule in PROGRAM_RULES:
            for what in rule.find(network, network.junctions[index], program):
                yield rule, program.junction, f"program {program.program!r} of {program.file.name}: {what}"


UNKNOWN_SIGNAL = ProgramRule(
    name="program-unknown", severity="error", find=lambda _network, _junction, _program: iter(()),
    why="SUMO refuses to load the program",
    fix="the plan was made for another net; leave it out",
)  # fmt: skip
