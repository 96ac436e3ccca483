"""Read the graph model from a SUMO ``.net.xml``."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import sumolib
from lxml import etree

from citybrain.errors import InputError
from citybrain.network.additional_programs import load_programs
from citybrain.network.graph_builder import GraphBuilder
from citybrain.network.model import Network

_UNSOUND = (
    etree.XMLSyntaxError, EOFError, OSError, zlib.error, LookupError, ValueError, ArithmeticError, AttributeError, TypeError,
)  # fmt: skip
"""What reading an unsound net can end in."""


def read_network(net_file: str | Path, additional_files: Sequence[Path] = ()) -> Network:
    """Read a SUMO net.

    Parameters
    ----------
    net_file : path
        A ``.net.xml`` or ``.net.xml.gz``.
    additional_files : sequence of path
        Files that a scenario loads after the net; their signal programs replace the net's.

    Raises
    ------
    InputError
        If the file is missing, is not a SUMO net, or has no traffic signal.
    """
    path = Path(net_file)
    if not path.is_file():
        raise InputError(f"{path}: no such network file")
    head = _head(path)
    try:
        net = sumolib.net.readNet(str(path), withPrograms=True, withInternal=True, withPedestrianConnections=True)
    except _UNSOUND as error:
        raise InputError(f"{path}: not a SUMO network ({_one_line(error)}); rebuild it with netconvert") from None
    if "<net" not in head:
        raise InputError(f"{path}: not a SUMO network (root element is not <net>)")
    load_programs(net, additional_files)
    left_hand = 'lefthand="true"' in head or 'lefthand="1"' in head
    try:
        network = GraphBuilder(net, str(path), left_hand=left_hand).build()
    except _UNSOUND as error:  # sumolib takes what names nothing as it is, and it shows only here
        raise InputError(
            f"{path}: its parts do not fit together ({type(error).__name__}: {_one_line(error)}); rebuild it with netconvert"
        ) from error
    if not network.junctions:
        dark = f"{len(network.warnings)} tlLogic, none with a green phase" if network.warnings else "0 tlLogic"
        raise InputError(f"{path}: no traffic signal in this network ({dark}); nothing to control")
    return network


def _head(path: Path) -> str:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            text = file.read(65536).decode("utf-8", errors="replace")
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read ({_one_line(error)})") from None
    match = re.search(r"<net\b[^>]*>", text)
    return match.group(0) if match else ""


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
