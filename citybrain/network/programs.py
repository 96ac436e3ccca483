"""Signal programs for a net: its stages, put between yellow and all-red, as SUMO's ``tlLogic``."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from citybrain.network.stages import StageLink, StageMaker

YELLOW_S = 3
ALL_RED_S = 2
WALK_S = 8
_CLEARANCE_MPS = 1.2
_TURNS = {"near": "lL", "far": "rR"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalLayout:
    """The links and stages of one signal.

    Attributes
    ----------
    lane_of_link : tuple of str
        Lane that each link starts from; empty for pedestrian crossings.
    crossing_m : float
        Length of the longest pedestrian crossing, 0 if there is none.
    """

    id: str
    n_links: int
    links: tuple[StageLink, ...]
    stages: tuple[frozenset[int], ...]
    crossing_m: float

    def state(self, stage: int) -> str:
        """State string with the stage's links green."""
        return "".join("G" if i in self.stages[stage] else "r" for i in range(self.n_links))

    @property
    def walk_links(self) -> frozenset[int]:
        """Links that are pedestrian crossings."""
        return frozenset(link.index for link in self.links if link.turn == "crossing")

    @property
    def clearance_s(self) -> int:
        """Time a pedestrian who has just stepped off needs, seconds."""
        return max(ALL_RED_S, math.ceil(self.crossing_m / _CLEARANCE_MPS)) if self.crossing_m else ALL_RED_S

    def intergreen_s(self, stage: int) -> int:
        """Time between a stage and the next one, seconds."""
        walks = self.stages[stage] & self.walk_links
        return self.clearance_s if walks else YELLOW_S + ALL_RED_S


def read_layouts(net_file: Path) -> list[SignalLayout]:
    """Read the signals of a net and make stages for each, in the order of their ids."""
    root = etree.parse(str(net_file)).getroot()
    left_hand = root.get("lefthand") in ("true", "1")
    headings = {
        edge.get("id"): _heading_deg(edge[0].get("shape"))
        for edge in root.iter("edge")
        if len(edge) and edge.get("from")
    }
    lengths = {lane.get("id"): float(lane.get("length")) for lane in root.iter("lane")}
    foes = {
        (junction.get("id"), int(request.get("index"))): request.get("foes")
        for junction in root.iter("junction")
        for request in junction.iter("request")
    }
    found: dict[str, list[etree._Element]] = defaultdict(list)
    for connection in root.iter("connection"):
        if connection.get("tl"):
            found[connection.get("tl")].append(connection)
    return [_layout(tl, found[tl], headings, lengths, foes, left_hand=left_hand) for tl in sorted(found)]


def _layout(
    tl: str,
    connections: Sequence[etree._Element],
    headings: Mapping[str, float],
    lengths: Mapping[str, float],
    foes: Mapping[tuple[str, int], str],
    *,
    left_hand: bool,
) -> SignalLayout:
    links: list[StageLink] = []
    crossing_m = 0.0
    for connection in connections:
        index = int(connection.get("linkIndex"))
        from_edge, to_edge = connection.get("from"), connection.get("to")
        if to_edge.startswith(":"):
            crossing_m = max(crossing_m, lengths[f"{to_edge}_0"])
            links.append(StageLink(index=index, approach=to_edge, lane=to_edge, turn="crossing"))
            continue
        lane = f"{from_edge}_{connection.get('fromLane')}"
        turn = _turn(connection.get("dir"), left_hand=left_hand)
        links.append(
            StageLink(
                index=index, approach=from_edge, lane=lane, turn=turn, heading_deg=headings[from_edge], to_edge=to_edge
            )
        )
    approach = {link.index: link.approach for link in links}
    conflicts = {
        (i, j)
        for i in approach
        for j in approach
        # lanes of one approach that join in the exit give way to each other and need no red
        if i < j and approach[i] != approach[j] and _is_foe(foes, tl, i, j)
    }
    stages = tuple(StageMaker(links, conflicts).stages())
    return SignalLayout(id=tl, n_links=max(approach) + 1, links=tuple(links), stages=stages, crossing_m=crossing_m)


def _is_foe(foes: Mapping[tuple[str, int], str], tl: str, i: int, j: int) -> bool:
    """Look a pair up in the junction's table; its rows are bit strings with index 0 at the right."""
    row = foes[tl, i]
    return row[len(row) - 1 - j] == "1"


def _turn(direction: str, *, left_hand: bool) -> str:
    near, far = (_TURNS["near"], _TURNS["far"]) if left_hand else (_TURNS["far"], _TURNS["near"])
    if direction in far or direction == "t":
        return "far"
    return "near" if direction in near else "straight"


def _heading_deg(shape: str) -> float:
    points = [tuple(map(float, point.split(","))) for point in shape.split()]
    (x0, y0), (x1, y1) = points[-2][:2], points[-1][:2]
    return math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360


def program(
    layout: SignalLayout,
    greens_s: Sequence[float],
    *,
    program_id: str = "0",
    offset_s: float = 0,
    order: Sequence[int] = (),
) -> etree._Element:
    """Make the ``tlLogic`` that runs the stages with these greens.

    Between two stages, links that lose green show yellow, then red for the all-red time; links
    green in both stay green. After a walking stage all vehicles wait for the pedestrians to clear.
    """
    logic = etree.Element("tlLogic", id=layout.id, type="static", programID=program_id, offset=f"{offset_s:g}")
    order = list(order) or list(range(len(layout.stages)))
    for place, stage in enumerate(order):
        following = layout.stages[order[(place + 1) % len(order)]]
        _phase(logic, greens_s[stage], layout.state(stage))
        if len(order) == 1:
            break
        leaving = layout.stages[stage] - following
        steady = layout.stages[stage] & following
        walking = leaving & layout.walk_links
        if leaving - walking:
            yellow = "".join(
                "y" if i in leaving - walking else "G" if i in steady else "r" for i in range(layout.n_links)
            )
            _phase(logic, YELLOW_S, yellow)
        red_s = layout.intergreen_s(stage) - (YELLOW_S if leaving - walking else 0)
        _phase(logic, red_s, "".join("G" if i in steady else "r" for i in range(layout.n_links)))
    return logic


def _phase(logic: etree._Element, duration_s: float, state: str) -> None:
    etree.SubElement(logic, "phase", duration=f"{duration_s:g}", state=state)


def set_default_programs(net_file: Path) -> list[SignalLayout]:
    """Replace the programs that netconvert guessed with the stages of :mod:`citybrain.network.stages`.

    The greens are equal, and only a start: a city's plans are separate files.
    """
    layouts = read_layouts(net_file)
    tree = etree.parse(str(net_file))
    root = tree.getroot()
    by_id = {layout.id: layout for layout in layouts}
    for logic in root.findall("tlLogic"):
        layout = by_id[logic.get("id")]
        greens = [WALK_S if stage & layout.walk_links else 24.0 for stage in layout.stages]
        made = program(layout, greens)
        made.tail = logic.tail
        root.replace(logic, made)
    tree.write(str(net_file), encoding="utf-8", xml_declaration=True)
    return layouts
