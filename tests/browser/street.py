"""A street to watch: four signals in a row with side streets, and a lorry that breaks down between two of them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from cases import netconvert

NAMES = ("A", "B", "C", "D")
_SPACING_M = 350
END_S = 3600


def build_street(folder: Path) -> Path:
    """Return the ``.sumocfg``; the lorry stops on the road from B to C for good."""
    nodes, edges = "", ""
    for k, name in enumerate(NAMES):
        x = k * _SPACING_M
        nodes += f'<node id="{name}" x="{x}" y="0" type="traffic_light"/>'
        for arm, y in (("n", 250), ("s", -250)):
            nodes += f'<node id="{arm}{name}" x="{x}" y="{y}"/>'
            edges += _both(f"{arm}{name}", name, f"Lorong {name}")
    nodes += f'<node id="w" x="-300" y="0"/><node id="e" x="{len(NAMES) * _SPACING_M}" y="0"/>'
    row = ("w", *NAMES, "e")
    edges += "".join(_both(a, b, "Jalan Utama") for a, b in pairwise(row))
    net = netconvert(folder, nodes, edges)
    east = " ".join(f"{a}{b}" for a, b in pairwise(row))
    west = " ".join(f"{b}{a}" for a, b in reversed(list(pairwise(row))))
    flows = [("east", east, 380), ("west", west, 380)]
    flows += [(f"down{name}", f"n{name}{name} {name}s{name}", 160) for name in NAMES]
    flows += [(f"up{name}", f"s{name}{name} {name}n{name}", 160) for name in NAMES]
    rows = "".join(
        f'<flow id="{name}" begin="0" end="{END_S}" vehsPerHour="{vph}" departLane="best" departSpeed="max">'
        f'<route edges="{way}"/></flow>'
        for name, way, vph in flows
    )
    lorry = (
        f'<vehicle id="lorry" depart="0"><route edges="{east}"/>'
        f'<stop lane="BC_0" endPos="290" duration="{END_S}" parking="false"/></vehicle>'
    )
    (folder / "street.rou.xml").write_text(f"<routes>{lorry}{rows}</routes>", encoding="utf-8")
    config = folder / "street.sumocfg"
    config.write_text(
        f'<configuration><input><net-file value="{net.name}"/><route-files value="street.rou.xml"/></input>'
        f'<time><begin value="0"/><end value="{END_S}"/></time>'
        '<processing><time-to-teleport value="-1"/></processing></configuration>',
        encoding="utf-8",
    )
    return config


def _both(a: str, b: str, name: str) -> str:
    return "".join(
        f'<edge id="{p}{q}" from="{p}" to="{q}" numLanes="1" speed="13.89" name="{name}"/>' for p, q in ((a, b), (b, a))
    )
