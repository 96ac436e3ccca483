"""Signal programs that a scenario loads from additional files, on top of the net's own.

SUMO runs the program of a signal that it loaded last; so does the reader.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lxml import etree
from sumolib.net import TLSProgram

from citybrain.errors import InputError


def load_programs(net: Any, files: Sequence[Path]) -> None:
    """Add the ``tlLogic`` of additional files to sumolib's signals, the last one last.

    Raises
    ------
    InputError
        If a file is broken, or has a program for a signal that the net lacks.
    """
    signals = {tls.getID(): tls for tls in net.getTrafficLights()}
    for file in files:
        if not Path(file).is_file():
            continue  # whoever loads the scenario reports it
        opener = gzip.open if str(file).endswith(".gz") else open
        try:
            with opener(file, "rb") as stream:
                for _, element in etree.iterparse(stream, tag="tlLogic"):
                    _add(signals, element, file)
        except (etree.XMLSyntaxError, OSError, EOFError, zlib.error) as error:
            raise InputError(f"{file}: broken XML ({' '.join(str(error).split())})") from None


def _add(signals: dict[str, Any], element: Any, file: Path) -> None:
    name, program_id = element.get("id", ""), element.get("programID", "0")
    phases = element.findall("phase")
    if name not in signals:
        raise InputError(f"{file}: program {program_id!r} is for signal {name!r}, which the net does not have")
    if not phases:
        return  # only an offset or parameters for a program that is there
    try:
        program = TLSProgram(program_id, float(element.get("offset", "0")), element.get("type", "static"))
        for phase in phases:
            program.addPhase(phase.get("state"), float(phase.get("duration", "0")))
    except ValueError as error:
        raise InputError(f"{file}: program {program_id!r} of signal {name!r}: {error}") from None
    programs = signals[name].getPrograms()
    programs.pop(program_id, None)
    programs[program_id] = program
