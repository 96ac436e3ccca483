"""The programs of a scenario's day: which one each signal runs from which time on (SUMO's WAUT)."""

from __future__ import annotations

import gzip
import zlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lxml import etree

from citybrain.errors import InputError
from citybrain.network.model import Network, ProgramPhase

_Program = tuple[tuple[ProgramPhase, ...], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """A time from which on the programs stay.

    Attributes
    ----------
    name : str
        The id of the programs, where all that change have the same; else the time it begins at.
    network : Network
        With the programs of this time.
    """

    begin_s: float
    name: str
    network: Network


class _Day:
    """What the files say."""

    def __init__(self) -> None:
        self.programs: dict[tuple[str, str], _Program] = {}
        self.switches: dict[str, list[tuple[float, str]]] = {}
        self.schedule_of: dict[str, str] = {}

    def read(self, file: Path) -> None:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            for _, element in etree.iterparse(stream, tag=("tlLogic", "WAUT", "wautJunction")):
                if element.tag == "tlLogic":
                    phases = tuple(
                        ProgramPhase(state=phase.get("state"), duration_s=float(phase.get("duration", "0")))
                        for phase in element.findall("phase")
                    )
                    key = element.get("id", ""), element.get("programID", "0")
                    self.programs[key] = phases, float(element.get("offset", "0"))
                elif element.tag == "WAUT":
                    zero_s = float(element.get("refTime", "0"))
                    later = [(zero_s + float(s.get("time")), s.get("to")) for s in element.findall("wautSwitch")]
                    self.switches[element.get("id", "")] = [(0.0, element.get("startProg", "")), *sorted(later)]
                else:
                    self.schedule_of[element.get("junctionID", "")] = element.get("wautID", "")

    def program_id(self, junction_id: str, time_s: float) -> str:
        rows = self.switches.get(self.schedule_of.get(junction_id, ""), [])
        return rows[bisect_right([begin_s for begin_s, _ in rows], time_s) - 1][1] if rows else ""


def read_day(network: Network, files: Sequence[Path]) -> tuple[Epoch, ...]:
    """Return the epochs of a day, in order; empty where no signal changes its program by the clock.

    Parameters
    ----------
    files : sequence of Path
        The scenario's additional files.

    Raises
    ------
    InputError
        If a file is broken.
    """
    day = _Day()
    for file in files:
        if not Path(file).is_file():
            continue  # whoever loads the scenario reports it
        try:
            day.read(Path(file))
        except (etree.XMLSyntaxError, OSError, EOFError, zlib.error, ValueError, TypeError) as error:
            raise InputError(f"{file}: its signal programs cannot be read ({' '.join(str(error).split())})") from None
    begins_s = sorted({begin_s for name in set(day.schedule_of.values()) for begin_s, _ in day.switches.get(name, ())})
    known: dict[tuple[str, ...], tuple[str, Network]] = {}
    epochs: list[Epoch] = []
    for begin_s in begins_s if len(begins_s) > 1 else ():
        ids = tuple(day.program_id(junction.id, begin_s) for junction in network.junctions)
        if ids not in known:
            names = set(ids) - {""}
            name = names.pop() if len(names) == 1 else f"{begin_s // 3600:02.0f}:{begin_s % 3600 // 60:02.0f}"
            known[ids] = name, _with_programs(network, day, ids)
        epochs.append(Epoch(begin_s=begin_s, name=known[ids][0], network=known[ids][1]))
    return tuple(epochs)


def _with_programs(network: Network, day: _Day, ids: Sequence[str]) -> Network:
    junctions = []
    for junction, program_id in zip(network.junctions, ids, strict=True):
        phases, offset_s = day.programs.get((junction.id, program_id), ((), 0.0))
        junctions.append(replace(junction, program=phases, offset_s=offset_s) if phases else junction)
    return replace(network, junctions=tuple(junctions))
