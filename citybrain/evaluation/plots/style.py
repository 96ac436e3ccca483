"""Colours and axes that all plots share. Safe for colour-blind readers, printed on white.

Every colour is a named constant, so that a page can swap it for its dark twin.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

INK = "#1f2a37"
MUTED = "#5b6876"
GRID = "#dde2e8"
PAPER = "#ffffff"
ROAD = "#dfe4e9"
BASELINE = "#7b8794"

POLICY_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's palette without its black and its yellow, which vanish on paper."""

DELAY_COLOURS = ("#a9b5c1", "#fdc88a", "#fb9062", "#e3526a", "#b5367a", "#782281", "#3b0f70")
"""Little to much; the lightness falls steadily, so that it also reads in grey."""

CHANGE_COLOURS = (
    "#08457e", "#2f7fb8", "#7ab4d8", "#b9d3e4", "#b8c0c8", "#f3c19a", "#ea8a47", "#c9530f", "#8a2f04",
)  # fmt: skip
"""Much better (blue), no change, much worse (orange)."""

SPEED_COLOURS = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39")
"""Slow to fast: what is wrong stands out from the page, as in the other maps."""

_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))


def policy_colours(policies: Sequence[str], baseline: str = "") -> dict[str, str]:
    """Return a colour for every policy, grey for the baseline."""
    others = [policy for policy in policies if policy != baseline]
    colours = {policy: POLICY_COLOURS[i % len(POLICY_COLOURS)] for i, policy in enumerate(others)}
    return {policy: colours.get(policy, BASELINE) for policy in policies}


def policy_dashes(policies: Sequence[str], baseline: str = "") -> dict[str, object]:
    """Return a line style for every policy; dashes tell apart what runs out of colours."""
    others = [policy for policy in policies if policy != baseline]
    dashes = {policy: _DASHES[i // len(POLICY_COLOURS) % len(_DASHES)] for i, policy in enumerate(others)}
    return {policy: dashes.get(policy, (0, (4, 2))) for policy in policies}


def new_axes(width_in: float = 6.0, height_in: float = 3.2, *, padding_in: float = 0.04) -> Axes:
    """Return axes on a figure of their own, outside of pyplot's global state."""
    layout = ConstrainedLayoutEngine(w_pad=padding_in, h_pad=padding_in)
    return Figure(figsize=(width_in, height_in), layout=layout).add_subplot()


def dress(ax: Axes, *, xlabel: str = "", ylabel: str = "", title: str = "") -> None:
    """Give axes the quiet look of the report."""
    ax.set_facecolor("none")
    ax.figure.set_facecolor("none")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GRID)
    ax.grid(visible=True, color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(which="both", colors=MUTED, labelsize=8.5, length=0)
    ax.set_xlabel(xlabel, color=MUTED, fontsize=9)
    ax.set_ylabel(ylabel, color=MUTED, fontsize=9)
    if title:
        ax.set_title(title, color=INK, fontsize=10.5, fontweight="bold", loc="left")


def legend(ax: Axes, **options: object) -> None:
    """Add a legend in the page's ink, without a box."""
    ax.legend(**{"frameon": False, "fontsize": 8.5, "labelcolor": INK, **options})


def clock(time_s: float, _position: object = None) -> str:
    """Return a time of the scenario as hours and minutes, for a tick label."""
    minutes = round(time_s / 60)
    return f"{minutes // 60}:{minutes % 60:02d}"


def grouped(value: float, _position: object = None) -> str:
    """Return a number with grouped thousands, for a tick label."""
    return f"{value:,.7g}".replace(",", "\N{NARROW NO-BREAK SPACE}")
