"""``retimed``: the plans of a file, such as ``citybrain retime`` writes."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from citybrain.errors import InputError
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network

POLICY = "retimed"


class PlanFile:
    """SUMO runs the ``tlLogic`` of an additional file instead of the scenario's own.

    Parameters
    ----------
    plans : path
        The additional file.

    Raises
    ------
    InputError
        If the file is missing or broken, or holds a program for a signal that
        the network does not have or that has another number of lamps.
    """

    def __init__(self, *, plans: str | Path = "") -> None:
        self.path = Path(plans)

    def programs(self, network: Network, rules: SignalRules) -> str | None:  # noqa: ARG002
        """Return the file's programs."""
        if self.path == Path():
            raise InputError(f"policy {POLICY!r} needs a file of plans; give --plans plans.add.xml")
        check_plan_file(self.path, network)
        return self.path.read_text(encoding="utf-8")


def check_plan_file(path: Path, network: Network) -> int:
    """Check a file of plans against a network; returns how many signals it has programs for."""
    if not path.is_file():
        raise InputError(f"{path}: no such file of plans; `citybrain retime` writes one")
    try:
        root = etree.parse(str(path)).getroot()
    except (etree.XMLSyntaxError, OSError) as error:
        raise InputError(f"{path}: broken XML ({' '.join(str(error).split())})") from None
    logics = root.findall("tlLogic")
    if not logics:
        raise InputError(f"{path}: holds no tlLogic (root element <{root.tag}>); give a plans.add.xml")
    for logic in logics:
        index = network.junction_index(logic.get("id", ""))
        if index < 0:
            raise InputError(
                f"{path}: a plan for signal {logic.get('id')!r}, which {network.source} does not have; "
                "was it made for another network?"
            )
        lamps = {len(phase.get("state", "")) for phase in logic.findall("phase")}
        if lamps != {network.junctions[index].n_links}:
            raise InputError(
                f"{path}: the plan of signal {logic.get('id')!r} has {sorted(lamps)} lamps, "
                f"the network {network.junctions[index].n_links}; retime again on this network"
            )
    return len(logics)
