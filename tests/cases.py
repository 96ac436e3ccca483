"""Small SUMO scenarios, built with netconvert where a test runs."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

ARMS = {"n": (0, 1), "e": (1, 0), "s": (0, -1), "w": (-1, 0)}


@dataclass(frozen=True)
class Case:
    """A scenario on disk."""

    folder: Path
    config: Path
    net: Path
    routes: Path
    vehicles: int
    end_s: int


def netconvert(folder: Path, nodes: str, edges: str, *options: str) -> Path:
    from citybrain.simulation.sumo import sumo_binary

    (folder / "net.nod.xml").write_text(f"<nodes>{nodes}</nodes>", encoding="utf-8")
    (folder / "net.edg.xml").write_text(f"<edges>{edges}</edges>", encoding="utf-8")
    net = folder / "net.net.xml"
    subprocess.run(
        [
            sumo_binary("netconvert"), "--node-files", folder / "net.nod.xml", "--edge-files", folder / "net.edg.xml",
            "--output-file", net, "--no-turnarounds", "--no-warnings", *options,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return net


def build_cross(
    folder: Path,
    *,
    left_hand: bool = False,
    crossings: bool = False,
    length_m: float = 300.0,
    speed_mps: float = 13.89,
    lanes: int = 1,
    options: tuple[str, ...] = (),
) -> Path:
    """A four-arm signalised junction ``C`` with arms ``n``, ``e``, ``s``, ``w``: edges ``n_in``, ``n_out`` and so on."""
    nodes = '<node id="C" x="0" y="0" type="traffic_light"/>' + "".join(
        f'<node id="{arm}" x="{dx * length_m}" y="{dy * length_m}"/>' for arm, (dx, dy) in ARMS.items()
    )
    edges = "".join(
        f'<edge id="{arm}_in" from="{arm}" to="C" numLanes="{lanes}" speed="{speed_mps}"/>'
        f'<edge id="{arm}_out" from="C" to="{arm}" numLanes="{lanes}" speed="{speed_mps}"/>'
        for arm in ARMS
    )
    options += ("--lefthand",) if left_hand else ()
    options += ("--sidewalks.guess", "--sidewalks.guess.min-speed", "1", "--crossings.guess") if crossings else ()
    return netconvert(folder, nodes, edges, *options)


def build_case(folder: Path, *, end_s: int = 300, vph: int = 400) -> Case:
    """Two junctions in a row, traffic on all six arms, written as anybody would write it."""
    ends = {"w": (-200, 0), "n1": (0, 200), "s1": (0, -200), "n2": (250, 200), "s2": (250, -200), "e": (450, 0)}
    nodes = "".join(f'<node id="{name}" x="{x}" y="{y}"/>' for name, (x, y) in ends.items())
    nodes += '<node id="A" x="0" y="0" type="traffic_light"/><node id="B" x="250" y="0" type="traffic_light"/>'
    pairs = [("w", "A"), ("n1", "A"), ("s1", "A"), ("A", "B"), ("n2", "B"), ("s2", "B"), ("e", "B")]
    edges = "".join(
        f'<edge id="{p}{q}" from="{p}" to="{q}" numLanes="1" speed="13.89"/>'
        for a, b in pairs
        for p, q in ((a, b), (b, a))
    )
    net = netconvert(folder, nodes, edges)
    ways = ["wA AB Be", "eB BA Aw", "n1A As1", "s1A An1", "n2B Bs2", "s2B Bn2", "wA An1", "s2B BA Aw"]
    every_s = 3600 / vph * len(ways) / 4
    vehicles = [
        (round(k * every_s + i, 1), f"{i}.{k}", way) for i, way in enumerate(ways) for k in range(int(end_s / every_s))
    ]
    vehicles = [
        vehicle
        for vehicle in vehicles
        if vehicle[0] < end_s - 2  # later ones are never loaded
    ]
    routes = folder / "case.rou.xml"
    rows = "\n".join(
        f'  <vehicle id="{name}" depart="{depart}" departLane="best"><route edges="{way}"/></vehicle>'
        for depart, name, way in sorted(vehicles)
    )
    routes.write_text(f"<routes>\n{rows}\n</routes>\n", encoding="utf-8")
    config = folder / "case.sumocfg"
    config.write_text(
        f"""<configuration>
  <input><net-file value="{net.name}"/><route-files value="{routes.name}"/></input>
  <time><begin value="0"/><end value="{end_s}"/></time>
</configuration>
""",
        encoding="utf-8",
    )
    return Case(folder, config, net, routes, len(vehicles), end_s)
