"""Look a network over: what is in it, and what looks wrong, why it matters and what to do.

The rules themselves are in :mod:`citybrain.network.check_rules`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from citybrain.network.check_programs import WrittenProgram, check_programs
from citybrain.network.check_rules import RULES, Severity, Subject
from citybrain.network.model import Network
from citybrain.network.netfacts import NetFacts

_GRAVITY: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that looks wrong.

    Attributes
    ----------
    severity : str
        ``error`` (do not use the net like this), ``warning`` (look at it) or ``note``.
    id : str
        The junction, edge or node it is about.
    """

    severity: Severity
    rule: str
    id: str
    what: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Connectivity:
    """How the roads hang together for cars.

    Attributes
    ----------
    largest_share : float
        Share of the roads in the largest part from each of which every other can be reached.
    one_way_in, one_way_out, one_way_through : tuple of str
        Edges outside it that lead in from the edge of the map, out to it, or past the largest
        part from one end of the map to another, as they must.
    stranded : tuple of str
        The other edges outside it.
    """

    largest_share: float
    one_way_in: tuple[str, ...]
    one_way_out: tuple[str, ...]
    one_way_through: tuple[str, ...]
    stranded: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What :func:`check_network` found.

    Attributes
    ----------
    road_km, lane_km : float
        Length of the directed roads, and of their lanes.
    unserved : int
        Vehicle movements that no stage serves.
    programs : int
        Signal programs that were looked at beyond those of the net.
    """

    name: str
    source: str
    left_hand: bool
    junctions: int
    crossings: int
    edges: int
    lanes: int
    road_km: float
    lane_km: float
    movements: int
    unserved: int
    stages: int
    connectivity: Connectivity
    programs: int
    findings: tuple[Finding, ...]

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of a severity."""
        return tuple(finding for finding in self.findings if finding.severity == severity)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What must be put right."""
        return self.of("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What should be looked at."""
        return self.of("warning")

    def as_dict(self) -> dict[str, Any]:
        """Return the content of ``check.json``."""
        counts = {"errors": len(self.errors), "warnings": len(self.warnings), "notes": len(self.of("note"))}
        return {**asdict(self), "counts": counts, "ok": not self.errors}


def check_network(
    network: Network,
    *,
    name: str = "",
    facts: NetFacts | None = None,
    gateways: Collection[str] = (),
    programs: Collection[WrittenProgram] = (),
) -> CheckReport:
    """Look a network over.

    Parameters
    ----------
    network : Network
    name : str, optional
        What to call it; its file where not given.
    facts : NetFacts, optional
        What the net file says of lanes that cars may use; all lanes where not given.
    gateways : collection of str, optional
        Nodes where roads are known to leave the map.
    programs : collection of WrittenProgram, optional
        Signal programs that replace those of the net.
    """
    subject = Subject(network, facts=facts, gateways=gateways)
    findings = [
        Finding(severity=rule.severity, rule=rule.name, id=place, what=what, why=rule.why, fix=rule.fix)
        for rule in RULES
        for place, what in rule.find(subject)
    ]
    findings += [
        Finding(severity=extra.severity, rule=extra.name, id=place, what=what, why=extra.why, fix=extra.fix)
        for extra, place, what in check_programs(network, programs)
    ]
    roads = subject.roads
    vehicles = [movement for movement in network.movements if not movement.is_crossing]
    return CheckReport(
        name=name or network.source,
        source=network.source,
        left_hand=network.left_hand,
        junctions=len(network.junctions),
        crossings=len(network.movements) - len(vehicles),
        edges=len(network.edges),
        lanes=len(network.lanes),
        road_km=round(sum(edge.length_m for edge in network.edges) / 1000, 1),
        lane_km=round(sum(lane.length_m for lane in network.lanes) / 1000, 1),
        movements=len(vehicles),
        unserved=sum(finding.rule == "unserved-movement" for finding in findings),
        stages=sum(len(junction.stages) for junction in network.junctions),
        connectivity=Connectivity(
            largest_share=round(roads.largest_share, 4),
            one_way_in=subject.edge_ids(roads.one_way_in),
            one_way_out=subject.edge_ids(roads.one_way_out),
            one_way_through=subject.edge_ids(roads.one_way_through),
            stranded=subject.edge_ids(roads.stranded),
        ),
        programs=len(programs),
        findings=tuple(sorted(findings, key=lambda finding: _GRAVITY.index(finding.severity))),
    )
