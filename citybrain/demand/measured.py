"""What a simulation's edge data say: vehicles counted on an edge, and how fast traffic is.

The mean speed of a network is *length-weighted*: the total length of its roads over the total time a
vehicle needs to drive each of them once. It is what a fleet of probe vehicles that covers
every road once would report, and it compares with published travel-time ratios.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

_SLOWEST_MPS = 0.2
"""Speed taken for an edge on which everybody stood all the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeMeasure:
    """One edge within one interval of an ``edgeData`` output.

    Attributes
    ----------
    left : float
        Vehicles that left it at its end, or finished on it.
    speed_mps : float or None
        Mean speed over the time vehicles spent on it; None if there were none.
    """

    edge: str
    begin_s: float
    end_s: float
    left: float
    speed_mps: float | None

    @property
    def vph(self) -> float:
        """Vehicles an hour."""
        return self.left * 3600.0 / (self.end_s - self.begin_s)


def read_edge_data(path: Path) -> list[EdgeMeasure]:
    """Read an ``edgeData`` output of SUMO, junction interiors left out."""
    found = []
    for interval in etree.parse(str(path)).getroot().iter("interval"):
        begin_s, end_s = float(interval.get("begin")), float(interval.get("end"))
        for edge in interval.iter("edge"):
            if edge.get("id").startswith(":"):
                continue
            seen = float(edge.get("sampledSeconds") or 0) > 0 and edge.get("speed") is not None
            found.append(
                EdgeMeasure(
                    edge=edge.get("id"),
                    begin_s=begin_s,
                    end_s=end_s,
                    left=float(edge.get("left") or 0) + float(edge.get("arrived") or 0),
                    speed_mps=float(edge.get("speed")) if seen else None,
                )
            )
    return found


def mean_speed_kmh(
    measures: Iterable[EdgeMeasure], length_m: Mapping[str, float], *, among: Collection[str] | None = None
) -> float | None:
    """Return the length-weighted mean speed of the edges that anybody drove on; None if nobody did.

    Parameters
    ----------
    length_m : mapping
        Length of each edge that counts; others are left out.
    among : collection of str, optional
        Only these edges.
    """
    metres = seconds = 0.0
    for measure in measures:
        wanted = measure.edge in length_m and (among is None or measure.edge in among)
        if wanted and measure.speed_mps is not None:
            metres += length_m[measure.edge]
            seconds += length_m[measure.edge] / max(measure.speed_mps, _SLOWEST_MPS)
    return metres / seconds * 3.6 if seconds else None
