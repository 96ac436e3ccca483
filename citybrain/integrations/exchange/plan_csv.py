"""Signal plans as a table that opens in a spreadsheet: one row a stage."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from citybrain.errors import InputError
from citybrain.integrations.exchange.gmns_signals import cycle_of, stages_of
from citybrain.network.model import Junction, Network, ProgramPhase
from citybrain.signals.plan_file import check_plan_file

COLUMNS = (
    "junction", "name", "program", "cycle_s", "offset_s", "place", "stage", "begin_s", "green_s", "yellow_s", "all_red_s",
    "movements", "lamps",
)  # fmt: skip


def write_plan_csv(path: Path, network: Network, plans: Path | None = None, *, delimiter: str = ",") -> int:
    """Write the network's own programs, or those of a file, as CSV; returns the number of rows.

    ``begin_s`` is when the stage turns green within the cycle that begins with the first stage, ``offset_s`` when that one does
    after the clock's zero, ``stage`` the stage's index in this network (empty where its lamps are of none).

    Raises
    ------
    InputError
        If the file of plans does not fit the network.
    """
    if plans is not None:
        check_plan_file(plans, network)
    found = (
        _of_file(plans, network) if plans is not None else ((j, "", j.offset_s, j.program) for j in network.junctions)
    )
    rows = [row for program in found for row in _rows(network, *program)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    return len(rows)


def _of_file(plans: Path, network: Network) -> Iterator[tuple[Junction, str, float, tuple[ProgramPhase, ...]]]:
    for logic in etree.parse(str(plans)).getroot().findall("tlLogic"):
        junction = network.junctions[network.junction_index(logic.get("id"))]
        try:
            phases = tuple(
                ProgramPhase(state=phase.get("state"), duration_s=float(phase.get("duration", "0")))
                for phase in logic.findall("phase")
            )
            offset_s = float(logic.get("offset", "0"))
        except ValueError as error:
            raise InputError(f"{plans}: the plan of signal {junction.id!r}: {error}") from None
        yield junction, logic.get("programID", ""), offset_s, phases


def _rows(
    network: Network, junction: Junction, program_id: str, offset_s: float, phases: tuple[ProgramPhase, ...]
) -> Iterator[tuple[object, ...]]:
    stages = stages_of(phases)
    cycle_s = cycle_of(phases, junction.id)
    before_s = sum(phase.duration_s for phase in phases[: phases.index(stages[0][0])])
    index_of = {stage.state: stage.index for stage in junction.stages}
    now_s = 0.0
    for place, (green, between) in enumerate(stages, start=1):
        yellow_s = sum(step.duration_s for step in between if "y" in step.state.lower())
        between_s = sum(step.duration_s for step in between)
        yield (
            junction.id, junction.name, program_id, f"{cycle_s:g}", f"{(offset_s + before_s) % cycle_s:g}", place,
            index_of.get(green.state, ""), f"{now_s:g}", f"{green.duration_s:g}", f"{yellow_s:g}", f"{between_s - yellow_s:g}",
            _words(network, junction, green.state), green.state,
        )  # fmt: skip
        now_s += green.duration_s + between_s


def _words(network: Network, junction: Junction, state: str) -> str:
    """Return what is green in words: ``High Street: left, straight; crossing``."""
    turns: dict[str, dict[str, None]] = defaultdict(dict)
    for index in junction.movements:
        movement = network.movements[index]
        if state[movement.link] not in "Gg":
            continue
        if movement.is_crossing:
            turns["crossing"] = {}
        else:
            edge = network.edges[network.lanes[movement.from_lane].edge]
            turns[edge.name or edge.id][movement.turn] = None
    return "; ".join(f"{road}: {', '.join(sorted(found))}" if found else road for road, found in turns.items())
