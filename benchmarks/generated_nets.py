"""Write networks with traffic to develop ``adaptive`` on: ``python benchmarks/generated_nets.py FOLDER``.

Nothing of them is a benchmark map or a city, so that those stay unseen. Three kinds: nets of netgenerate with
light and heavier traffic, grids of two-lane arterials and one-lane streets, and grids of the same kind with turns on
red, two of them so full that they come to stand.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import sumolib

from citybrain.simulation.sumo import sumo_binary

END_S = 3600
SIGNALS = " --default-junction-type traffic_light --tls.yellow.time 3"
GUESSED = " --tls.guess true --tls.guess.threshold 20 --tls.yellow.time 3"
TURNS = " --default.lanenumber 2 --turn-lanes 1"
RANDOM = "--rand --rand.iterations 40 --default.lanenumber 2 --rand.min-distance 150 --rand.max-distance"
GRID_5 = "--grid --grid.number 5 --grid.length 160 --grid.attach-length 200 --random-lanenumber --turn-lanes.length 40"
SPIDER = "--spider --spider.arm-number 6 --spider.circle-number 3 --spider.space-radius 220 --default.lanenumber 2"
GRID_3 = "--grid --grid.number 3 --grid.length 200 --grid.attach-length 250" + SIGNALS
GRID_4 = "--grid --grid.number 4 --grid.length 220 --grid.attach-length 250 --turn-lanes.length 60" + TURNS + SIGNALS
NETGENERATE = {  # options, seconds between departures in light and in heavier traffic (None: not made), seed
    "g3": (GRID_3, 2.0, 1.25, 1),
    "g4t": (GRID_4, 0.9, 0.62, 2),
    "r1": (f"{RANDOM} 300 --rand.grid --seed 5" + GUESSED, 1.1, 0.8, 3),
    "r2": (f"{RANDOM} 350 --random-lanenumber --seed 8" + GUESSED, 1.6, None, 4),
    "sp": (SPIDER + GUESSED, 1.2, 0.75, 5),
    "g5": (GRID_5 + TURNS + SIGNALS + " --seed 3", 0.8, 0.6, 6),
}
PEAK = (120, 208, 266, 370, 420, 374, 324, 198, 152, 52)


def run(*command: object) -> None:
    """Run a tool of SUMO."""
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def write_config(folder: Path, name: str) -> None:
    """Write the configuration of a net and its routes."""
    (folder / f"{name}.sumocfg").write_text(
        f'<configuration><net-file value="{name}.net.xml"/><route-files value="{name}.rou.xml"/><begin value="0"/>'
        f'<end value="{END_S}"/><time-to-teleport value="-1"/></configuration>',
        encoding="utf-8",
    )


def write_random(folder: Path, name: str, options: str, period_s: float, seed: int) -> None:
    """Write a net of netgenerate with trips between random places, most of them at its edge."""
    net = folder / f"{name}.net.xml"
    run(sumo_binary("netgenerate"), *options.split(), "--no-turnarounds", "-o", net)
    trips = Path(sumolib.__file__).parents[1] / "sumo" / "tools" / "randomTrips.py"
    chosen = f"-e {END_S - 400} -p {period_s} --fringe-factor 5 --seed {seed} --min-distance 400"
    files = ["-n", net, "-o", folder / f"{name}.trips.xml", "-r", folder / f"{name}.rou.xml"]
    run(sys.executable, trips, *files, *chosen.split(), "--validate", "--remove-loops")
    write_config(folder, name)


def node(x: int, y: int) -> str:
    """Return the name of the node of column ``x`` and row ``y``."""
    return f"n{x}_{y}"


def write_grid(folder: Path, name: str, n: int, *, on_red: bool) -> None:
    """Write ``n`` rows of two lanes and ``n`` columns of one.

    With ``on_red`` left turns of rows have a lane of their own, and right turns are made on red.
    """
    block_m, edge_m, fast, slow = (205, 90, 20, 11) if on_red else (260, 260, 16, 11)
    kind = "traffic_light_right_on_red" if on_red else "traffic_light"
    at = {-1: -edge_m, n: (n - 1) * block_m + edge_m, **{k: k * block_m for k in range(n)}}
    nodes, edges, connections = [], [], []
    for x in range(-1, n + 1):
        for y in range(-1, n + 1):
            if x in (-1, n) and y in (-1, n):
                continue
            inner = 0 <= x < n and 0 <= y < n
            nodes.append(f'<node id="{node(x, y)}" x="{at[x]}" y="{at[y]}" type="{kind if inner else "priority"}"/>')

    def road(a: str, b: str, lanes: int) -> None:
        for start, end in ((a, b), (b, a)):
            speed = fast if lanes == 2 else slow
            edges.append(f'<edge id="{start}{end}" from="{start}" to="{end}" numLanes="{lanes}" speed="{speed}"/>')

    for k in range(n):
        for i in range(-1, n):
            road(node(i, k), node(i + 1, k), 2)
    for k in range(n):
        for i in range(-1, n):
            road(node(k, i), node(k, i + 1), 1)
    for x in range(n):
        for y in range(n):
            here, west, east = node(x, y), node(x - 1, y), node(x + 1, y)
            south, north = node(x, y - 1), node(x, y + 1)
            for come, on, right, left in ((west, east, south, north), (east, west, north, south)):
                connections += [(come, here, on, 0, 0), (come, here, right, 0, 0), (come, here, left, 1, 0)]
            for come, on, right, left in ((south, north, east, west), (north, south, west, east)):
                connections += [(come, here, on, 0, 0), (come, here, right, 0, 0), (come, here, left, 0, 1)]
    parts = {"nod": "nodes", "edg": "edges", "con": "connections"}
    rows = {
        "nod": nodes,
        "edg": edges,
        "con": [
            f'<connection from="{a}{m}" to="{m}{b}" fromLane="{i}" toLane="{k}"/>' for a, m, b, i, k in connections
        ],
    }
    for part, tag in parts.items():
        text = f"<{tag}>" + "\n".join(rows[part]) + f"</{tag}>"
        (folder / f"{name}.{part}.xml").write_text(text, encoding="utf-8")
    command = [sumo_binary("netconvert"), "-n", folder / f"{name}.nod.xml", "-e", folder / f"{name}.edg.xml"]
    if on_red:
        command += ["-x", folder / f"{name}.con.xml", "--tls.layout", "opposites"]
    run(*command, "--no-turnarounds", "--tls.yellow.time", 2, "-o", folder / f"{name}.net.xml")


def write_turning(
    folder: Path, name: str, n: int, vph: tuple[float, float], seed: int, *, on_red: bool, turn_pct: int = 12
) -> None:
    """Write a grid whose traffic enters at every row and column and turns at random."""
    write_grid(folder, name, n, on_red=on_red)
    draw = random.Random(seed)  # noqa: S311
    spread = 0.4 if on_red else 0.3
    ends = [(node(x, y), node(u, y), vph[0]) for y in range(n) for x, u in ((-1, 0), (n, n - 1))]
    ends += [(node(x, y), node(x, v), vph[1]) for x in range(n) for y, v in ((-1, 0), (n, n - 1))]
    flows = [(a + b, flow * draw.uniform(1 - spread, 1 + spread)) for a, b, flow in ends]
    rows = [
        f'<flow id="f{i}" from="{edge}" begin="0" end="3200" vehsPerHour="{flow:.0f}"/>'
        for i, (edge, flow) in enumerate(flows)
    ]
    path = folder / f"{name}.flow.xml"
    path.write_text("<routes>" + "".join(rows) + "</routes>", encoding="utf-8")
    shares = f"{turn_pct},{100 - 2 * turn_pct},{turn_pct}"
    chosen = ["--turn-defaults", shares, "--accept-all-destinations", "--seed", seed, "-b", 0, "-e", END_S]
    run(
        sumo_binary("jtrrouter"),
        "-n",
        folder / f"{name}.net.xml",
        "-r",
        path,
        *chosen,
        "-o",
        folder / f"{name}.rou.xml",
    )
    write_config(folder, name)


def write_full(
    folder: Path, name: str, n: int, columns: Sequence[int], rows: Sequence[tuple[int, int]], turning: int, seed: int
) -> None:
    """Write a grid whose one-lane columns carry their own traffic and that of rows which turn into and out of them."""
    write_grid(folder, name, n, on_red=True)
    draw = random.Random(seed)  # noqa: S311
    routes: list[tuple[list[str], float]] = []
    through = 400 if n != 5 else 360
    for x in columns:
        up = [node(x, y) for y in range(-1, n + 1)]
        routes += [(up, through * draw.uniform(0.8, 1.2)), (up[::-1], through * draw.uniform(0.8, 1.2))]
    for (begin, end), x in zip(rows, [*columns, *columns], strict=False):
        for eastward in (True, False):
            step = 1 if end > begin else -1
            come = range(-1, x + 1) if eastward else range(n, x - 1, -1)
            go = range(x + 1, n + 1) if eastward else range(x - 1, -2, -1)
            way = [node(k, begin) for k in come] + [node(x, k) for k in range(begin + step, end + step, step)]
            routes.append((way + [node(k, end) for k in go], turning * draw.uniform(0.8, 1.2)))
    departures = []
    for way, count in routes:
        edges = " ".join(a + b for a, b in pairwise(way))
        for _ in range(int(count)):
            part = draw.choices(range(len(PEAK)), PEAK)[0]
            departures.append((END_S / 12 * (part + draw.random()), edges))
    departures.sort()
    vehicles = [
        f'<vehicle id="v{i}" type="t" depart="{time_s:.1f}" departPos="random_free"><route edges="{edges}"/></vehicle>'
        for i, (time_s, edges) in enumerate(departures)
    ]
    text = '<routes><vType id="t" accel="5" decel="10"/>' + "".join(vehicles) + "</routes>"
    (folder / f"{name}.rou.xml").write_text(text, encoding="utf-8")
    write_config(folder, name)


def main(folder: Path) -> None:
    """Write them all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (options, light_s, heavy_s, seed) in NETGENERATE.items():
        write_random(folder, name, options, light_s, seed)
        if heavy_s is not None:
            write_random(folder, f"{name}h", options, heavy_s, 20 + seed)
    for name, n, vph, seed in (("a1", 4, (700, 300), 11), ("a2", 3, (850, 350), 12), ("a3", 4, (600, 420), 13)):
        write_turning(folder, name, n, vph, seed, on_red=False)
    for name, n, vph, seed, turn_pct in (
        ("b1", 4, (560, 260), 31, 12), ("b2", 3, (500, 300), 32, 18), ("b3", 4, (330, 160), 33, 12),
    ):  # fmt: skip
        write_turning(folder, name, n, vph, seed, on_red=True, turn_pct=turn_pct)
    write_full(folder, "z1", 4, [0, 2], [(3, 0), (0, 3)], 260, 41)
    write_full(folder, "z2", 5, [1, 3], [(4, 1), (0, 3)], 260, 42)
    write_full(folder, "z3", 3, [1], [(2, 0), (0, 2)], 320, 43)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
