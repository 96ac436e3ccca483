"""The drawings of the concept pages, made from the package's own objects.

    python scripts/site/drawings.py         # docs/images/*.svg

What is drawn is what the code does: the movements and stages of a generated junction, the lamps that the interlock really
showed for random requests, a plan with an offset. The same script makes the same files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.path import Path as Line

from citybrain.messages import Decision
from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.model import Movement, Network
from citybrain.network.synthetic import grid_network
from citybrain.signals.interlock import Interlock
from citybrain.signals.plan import Plan

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
LANE_M, BOX_M = 3.4, 11.0
COLOURS = {"G": "#1a9850", "g": "#7fbf4d", "y": "#f5b301", "r": "#c0392b"}
INK, MUTED, ROAD, PAPER = "#1f2a37", "#5b6876", "#d9dee4", "#ffffff"
RULES = SignalRules(yellow_s=3, all_red_s=2, min_green_s=5, max_green_s=40)


def main() -> None:
    """Draw everything."""
    mpl.rcParams.update(
        {"svg.hashsalt": "citybrain", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}
    )
    IMAGES.mkdir(exist_ok=True)
    network = grid_network(1, 1, lanes=2, stages=4)
    for name, figure in (
        ("movements", movements(network)), ("stages", stages(network)), ("offset", offset()), ("interlock", interlock()),
    ):  # fmt: skip
        figure.savefig(IMAGES / f"{name}.svg", metadata={"Date": None}, facecolor=PAPER, bbox_inches="tight")


def movements(network: Network) -> Figure:
    """Draw every movement of a junction, numbered by its lamp."""
    figure = Figure(figsize=(4.6, 4.6))
    ax = figure.add_subplot()
    _roads(ax)
    seen: Counter[int] = Counter()
    for movement in network.movements:
        start, ahead = _arrow(ax, network, movement, MUTED)
        place = start - (2.2 + 3.0 * seen[movement.from_lane]) * ahead  # movements of one lane stand behind each other
        seen[movement.from_lane] += 1
        ax.annotate(str(movement.link), tuple(place), fontsize=7, ha="center", va="center", color=PAPER,
                    bbox={"boxstyle": "circle,pad=0.15", "facecolor": INK, "edgecolor": "none"})  # fmt: skip
    for text, place, tip in (
        ("a lane", (-23.5, -11), (-21.7, -1.7)), ("the stop line", (-20.5, 12), (-BOX_M, -3.4)),
        ("a movement:\nlane to lane", (9.5, -20), (1.5, -6)),
    ):  # fmt: skip
        ax.annotate(text, tip, xytext=place, color=INK, arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.7})
    return figure


def stages(network: Network) -> Figure:
    """Draw the stages of the same junction: what is green together."""
    junction = network.junctions[0]
    figure = Figure(figsize=(9, 2.6))
    for ax, stage in zip(figure.subplots(1, len(junction.stages)), junction.stages, strict=True):
        _roads(ax)
        for index in junction.movements:
            movement = network.movements[index]
            if stage.is_green(movement.link):
                _arrow(ax, network, movement, COLOURS[stage.state[movement.link]])
        ax.set_title(f"stage {stage.index}", fontsize=9, color=INK)
        ax.text(0, -25, stage.state, ha="center", fontsize=7, family="monospace", color=MUTED)
    return figure


def offset() -> Figure:
    """Draw two junctions on a common clock, the second a driving time later."""
    network = grid_network(1, 2, spacing_m=280.0)
    speed_mps, cycle_cycles = 14.0, 3
    drive_s = 280.0 / speed_mps
    figure = Figure(figsize=(8, 3.0))
    ax = figure.add_subplot()
    for place, (junction, offset_s, name) in enumerate(
        zip(network.junctions, (0.0, drive_s), ("A, offset 0 s", f"B, offset {drive_s:g} s"), strict=True)
    ):
        plan = Plan(junction_id=junction.id, stages=(0, 1), greens_s=(26.0, 24.0), offset_s=offset_s)
        table, cycle_s = Intergreens(network, junction, RULES), plan.cycle_s(network, RULES)
        gap_s = table.length_s(0, 1)
        y = place * 280.0
        ax.barh(y, 200, left=0, height=16, color=COLOURS["r"], alpha=0.35)
        for n in range(-1, cycle_cycles + 1):
            green_s = offset_s + n * cycle_s
            ax.barh(y, 26, left=green_s, height=16, color=COLOURS["G"])
            ax.barh(y, gap_s - 2, left=green_s + 26, height=16, color=COLOURS["y"])
            if place == 0 and n >= 0:
                for late_s in (0.0, 26.0):
                    ax.plot([green_s + late_s, green_s + late_s + drive_s], [y, y + 280], color=MUTED, linewidth=0.9)
        ax.text(-2, y, name, ha="right", va="center", color=INK)
    ax.annotate("", (drive_s, 300), xytext=(0, 300), arrowprops={"arrowstyle": "<->", "color": INK})
    ax.text(drive_s / 2, 312, f"offset {drive_s:g} s", ha="center", color=INK)
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.set(xlim=(0, 165), ylim=(-20, 345), xlabel="seconds after the clock's zero; green is stage 0")
    ax.set_yticks([])
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.text(83, 140, "platoon", color=MUTED, ha="center", va="center")
    return figure


def interlock() -> Figure:
    """Draw what a restless policy asked for each second and what the lamps showed."""
    network = grid_network(1, 1)
    guard, generator = Interlock(network, RULES), np.random.default_rng(4)
    seconds, wanted = 60, 0
    asked, shown, refused = [], [], []
    lamps = {network.junctions[0].id: ""}
    for command in guard.start(0):
        lamps[command.junction_id] = command.state
    for second in range(seconds):
        if generator.random() < 0.3:
            wanted = 1 - wanted
        asked.append(wanted)
        for command in guard.advance(
            Decision(time_s=float(second), stage=np.array([wanted], dtype=np.int32)), second * 1000
        ):
            lamps[command.junction_id] = command.state
        refused.append(bool(guard.events))
        shown.append(next(iter(lamps.values())))
    links = [
        next(m.link for m in network.movements if network.junctions[0].stages[s].state[m.link] == "G") for s in (0, 1)
    ]
    figure = Figure(figsize=(8, 2.3))
    ax = figure.add_subplot()
    for y, colours in (
        (3.0, ["#3568a8" if stage else "#b7c9e2" for stage in asked]),
        *((1.2 - 1.1 * row, [COLOURS[state[link]] for state in shown]) for row, link in enumerate(links)),
    ):
        for begin, length, colour in _runs(colours):
            ax.add_patch(Rectangle((begin, y), length, 0.7, color=colour, linewidth=0))
    ax.plot(np.flatnonzero(refused) + 0.5, np.full(sum(refused), 2.62), "x", color=COLOURS["r"], markersize=4)
    for y, text in (
        (3.35, "asked: stage 0 (light), 1 (dark)"), (2.62, "refused"), (1.55, "a lamp of stage 0"), (0.45, "a lamp of stage 1"),
    ):  # fmt: skip
        ax.text(-0.8, y, text, ha="right", va="center", color=INK)
    ax.set(xlim=(0, seconds), ylim=(-0.1, 3.9), xlabel="seconds")
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    return figure


def _runs(values: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield begin, length and value of every run of equal values."""
    begin = 0
    for value, run in groupby(values):
        length = len(list(run))
        yield begin, length, value
        begin += length


def _roads(ax: Axes) -> None:
    wide, far = 2 * LANE_M, 22.0
    ax.add_patch(Rectangle((-far, -wide), 2 * far, 2 * wide, color=ROAD))
    ax.add_patch(Rectangle((-wide, -far), 2 * wide, 2 * far, color=ROAD))
    for turn in range(4):
        a = turn * np.pi / 2
        rotate = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        for line, look in (
            (((-far, 0), (-BOX_M, 0)), {"color": PAPER, "linewidth": 1.6}),
            (((-far, -LANE_M), (-BOX_M, -LANE_M)), {"color": PAPER, "linewidth": 0.7, "linestyle": (0, (5, 4))}),
            (((-BOX_M, 0), (-BOX_M, -wide)), {"color": PAPER, "linewidth": 2.5}),
        ):
            points = np.array(line) @ rotate.T
            ax.plot(points[:, 0], points[:, 1], **look)
    ax.set(xlim=(-24, 24), ylim=(-27, 24), aspect="equal")
    ax.set_axis_off()


def _arrow(ax: Axes, network: Network, movement: Movement, colour: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw one movement; returns where it starts and in which direction."""
    (start, ahead), (end, away) = (
        _end(network, movement.from_lane, at_end=True),
        _end(network, movement.to_lane, at_end=False),
    )
    reach = 0.55 * float(np.hypot(*(end - start)))
    line = Line(np.array([start, start + reach * ahead, end - reach * away, end]), [1, 4, 4, 4])
    ax.add_patch(FancyArrowPatch(path=line, arrowstyle="-|>", mutation_scale=9, color=colour, linewidth=1.6, zorder=3))
    return start, ahead


def _end(network: Network, lane: int, *, at_end: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return where a lane meets the junction's box, and its direction there."""
    edge = network.edges[network.lanes[lane].edge]
    first, last = np.asarray(edge.shape[0]), np.asarray(edge.shape[-1])
    ahead = (last - first) / np.hypot(*(last - first))
    right = np.array([ahead[1], -ahead[0]])
    from_middle = len(edge.lanes) - edge.lanes.index(lane) - 0.5
    return (-ahead if at_end else ahead) * BOX_M + right * LANE_M * from_middle, ahead


if __name__ == "__main__":
    main()
