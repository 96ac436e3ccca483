"""What each policy saves against the baseline, with its interval: the forest plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from citybrain.evaluation.plots.style import INK, MUTED, PAPER, dress, new_axes, policy_colours

_FLOOR_PCT = -120.0
"""A gridlocked policy can lose thousands of per cent; the picture stops here and an arrow says so."""

_FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """A saving in per cent; positive is better.

    Attributes
    ----------
    ci95_pct : tuple of float, optional
        None where it is unknown: a single seed.
    is_clear : bool
        Whether the seeds prove a difference.
    """

    policy: str
    mean_pct: float
    ci95_pct: tuple[float, float] | None = None
    is_clear: bool = False


def plot_savings(
    savings: Sequence[Saving],
    *,
    baseline: str,
    policies: Sequence[str] = (),
    quantity: str = "delay",
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw one row a policy, the first on top; a hollow dot is no clear difference.

    Parameters
    ----------
    policies : sequence of str, optional
        All policies in the order that gave them their colours elsewhere.
    """
    if ax is None:
        pitch_in = 0.42 if len(savings) <= _FEW else 0.3
        ax = new_axes(6.0, 0.85 + pitch_in * max(len(savings), 1))
    colours = policy_colours(policies or [baseline, *(saving.policy for saving in savings)], baseline)
    for row, saving in enumerate(savings):
        _draw_row(ax, row, saving, colours[saving.policy])
    lows = [_shown(s.ci95_pct[0] if s.ci95_pct else s.mean_pct) for s in savings]
    highs = [_shown(s.ci95_pct[1] if s.ci95_pct else s.mean_pct) for s in savings]
    low, high = min([*lows, -5.0]), max([*highs, 5.0])
    ax.set_xlim(low - 0.06 * (high - low), high + 0.24 * (high - low))
    ax.set_ylim(max(len(savings), 1) - 0.4, -0.6)
    ax.set_yticks(range(len(savings)), [saving.policy for saving in savings])
    dress(ax, xlabel=f"{quantity} saved against {baseline}, %", title=title)
    ax.grid(visible=False, axis="y")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", labelsize=9.5, labelcolor=INK)
    ax.axvline(0, color=MUTED, linewidth=1.2, zorder=1)
    return ax


def _draw_row(ax: Axes, row: int, saving: Saving, colour: str) -> None:
    mean = _shown(saving.mean_pct)
    end = mean
    if saving.ci95_pct is not None:
        low, high = (_shown(bound) for bound in saving.ci95_pct)
        ax.plot([low, high], [row, row], color=colour, linewidth=2.4, solid_capstyle="round", zorder=2)
        end = high
    marker = "<" if saving.mean_pct < _FLOOR_PCT else "o"
    face = colour if saving.is_clear else PAPER
    ax.plot(mean, row, marker, markersize=8, color=colour, markerfacecolor=face, markeredgewidth=1.8, zorder=3)
    decimals = 1 if abs(saving.mean_pct) < 1000 else 0
    text = f"{saving.mean_pct:+.{decimals}f} %".replace("-", "\N{MINUS SIGN}")
    ax.annotate(
        text,
        (max(end, mean), row),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize=9.5,
        color=INK,
    )


def _shown(value_pct: float) -> float:
    """Keep a value on the picture; nobody saves more than all."""
    return min(max(value_pct, _FLOOR_PCT), 100.0)
