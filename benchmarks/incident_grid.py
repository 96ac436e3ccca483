"""Write a signalised grid with random traffic, to tune incident detection on: ``python benchmarks/incident_grid.py FOLDER``.

Uses SUMO's netgenerate; nothing of it is a benchmark map or a city.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import sumolib

from citybrain.simulation.sumo import sumo_binary

SIDE, LENGTH_M, END_S = 4, 300, 3600


def write_grid(folder: Path, *, lanes: int, vph: float, seed: int) -> Path:
    """Write net, routes and configuration; return the configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    net = folder / "grid.net.xml"
    options = f"--grid --grid.number {SIDE} --grid.length {LENGTH_M} --grid.attach-length {LENGTH_M} "
    options += f"--default.lanenumber {lanes} --default.speed 13.89 --tls.guess --turn-lanes 1 --turn-lanes.length 60"
    options += " --no-turnarounds --no-warnings"
    subprocess.run([sumo_binary("netgenerate"), *options.split(), "-o", net], check=True, capture_output=True)
    graph = sumolib.net.readNet(str(net))
    outside = [n for n in graph.getNodes() if n.getType() == "dead_end"]
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0, END_S, int(vph * END_S / 3600)))
    rows = []
    for i, time_s in enumerate(times):
        a, b = rng.choice(len(outside), 2, replace=False)
        kind = "lorry" if rng.random() < 0.06 else "car"
        start, end = outside[a].getOutgoing()[0].getID(), outside[b].getIncoming()[0].getID()
        rows.append(
            f'<trip id="{i}" type="{kind}" depart="{time_s:.1f}" from="{start}" to="{end}" departLane="best" departSpeed="max"/>'
        )
    types = '<vType id="car" sigma="0.5" speedDev="0.1"/><vType id="lorry" vClass="truck" length="12"/>'
    (folder / "grid.rou.xml").write_text("<routes>" + types + "\n".join(rows) + "</routes>", encoding="utf-8")
    config = folder / "grid.sumocfg"
    config.write_text(
        '<configuration><net-file value="grid.net.xml"/><route-files value="grid.rou.xml"/><begin value="0"/>'
        f'<end value="{END_S}"/><time-to-teleport value="-1"/><device.rerouting.probability value="0.3"/>'
        '<device.rerouting.period value="120"/></configuration>',
        encoding="utf-8",
    )
    return config


if __name__ == "__main__":
    print(write_grid(Path(sys.argv[1]), lanes=2, vph=float(sys.argv[2]) if len(sys.argv) > 2 else 5000, seed=1))
