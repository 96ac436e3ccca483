"""Colours of the page in light and dark, and figures that follow them.

A figure is drawn in light colours; on the page each colour becomes a CSS
variable, so that one picture serves light, dark and print.
"""

from __future__ import annotations

import re

from citybrain.evaluation.plots import style

DARK_TWINS = {
    style.INK: "#e6eaef",
    style.MUTED: "#9aa7b4",
    style.GRID: "#323c47",
    style.PAPER: "#1a2028",
    style.ROAD: "#313a44",
    style.BASELINE: "#98a4b0",
    **dict(
        zip(
            style.POLICY_COLOURS,
            ("#4ba3e3", "#ff8a3d", "#2cc79a", "#e39ac4", "#ffc04d", "#9bd8fb"),
            strict=True,
        )
    ),
    **dict(
        zip(
            style.DELAY_COLOURS,
            ("#566270", "#74348f", "#a83a80", "#dd4d6a", "#fa8360", "#fdb97d", "#fdf0b0"),
            strict=True,
        )
    ),
    **dict(
        zip(
            style.CHANGE_COLOURS,
            (
                "#b3dcff",
                "#5db0ee",
                "#2f7fc0",
                "#2b5678",
                "#4d5864",
                "#7a4a2b",
                "#c26a25",
                "#ff9a45",
                "#ffd3a8",
            ),
            strict=True,
        )
    ),
    **dict(
        zip(
            style.SPEED_COLOURS,
            ("#fde725", "#a5dc36", "#50c46a", "#21a585", "#2b7f8e", "#3b6490", "#52508f"),
            strict=True,
        )
    ),
}
"""For every colour of the plots, the one that stands out as much on a dark page."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")


def variable(colour: str) -> str:
    """Return the CSS expression that stands for a colour of the plots."""
    return f"var(--c{colour.lower()[1:]})"


def themed(svg: str) -> str:
    """Replace every colour that has a dark twin by its variable."""
    return _HEX.sub(lambda match: variable(match[0]) if match[0].lower() in DARK_TWINS else match[0], svg)


def declarations(*, dark: bool) -> str:
    """Return the CSS declarations of all variables."""
    return " ".join(f"--c{light[1:]}:{twin if dark else light};" for light, twin in DARK_TWINS.items())
