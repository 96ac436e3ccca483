"""Every plotting function draws what it drew before, compared picture by picture.

Words are left out, so that another version of the font library changes nothing; what they say is
tested beside each function. After a change that is meant, look at the new pictures and keep them:

    KEEP_PICTURES=1 pytest tests/evaluation/test_plot_pictures.py
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.testing.compare import compare_images
from matplotlib.text import Text
from matplotlib.ticker import NullFormatter
from samples_of_plots import PICTURES

import citybrain

EXPECTED = Path(__file__).parent / "pictures"
FUNCTION = re.compile(r"^def (plot_\w+)", re.MULTILINE)
MOST_BYTES = 15_000
TOLERANCE = 1.0
"""Root mean square of the differences, of 255: edges may be smoothed a little otherwise."""


def without_words(ax):
    """The figure of axes, with all that a font library draws taken away."""
    figure = ax.get_figure(root=True)
    for each in figure.axes:
        for axis in (each.xaxis, each.yaxis):
            axis.set_major_formatter(NullFormatter())
            axis.set_minor_formatter(NullFormatter())
    for artist in figure.findobj(lambda found: isinstance(found, Text | Legend)):
        artist.set_visible(False)
        artist.set_in_layout(False)
    return figure


def save(ax, path):
    with mpl.rc_context():
        mpl.rcdefaults()
        without_words(ax).savefig(path, dpi=50, facecolor="white", metadata={"Software": None})


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_picture(name, tmp_path):
    ax = PICTURES[name]()
    assert isinstance(ax, Axes)
    kept, drawn = EXPECTED / f"{name}.png", tmp_path / f"{name}.png"
    if os.environ.get("KEEP_PICTURES"):
        drawn = kept
    save(ax, drawn)
    assert drawn.stat().st_size <= MOST_BYTES
    difference = compare_images(str(kept), str(drawn), tol=TOLERANCE)
    assert difference is None, difference


@pytest.mark.parametrize("name", ["seeds", "savings", "trade_off"])
def test_one_dot_less_is_noticed(name, tmp_path):
    ax = PICTURES[name]()
    next(line for line in ax.lines if line.get_marker() == "o").remove()
    save(ax, tmp_path / f"{name}.png")
    found = compare_images(str(EXPECTED / f"{name}.png"), str(tmp_path / f"{name}.png"), tol=TOLERANCE)
    assert found is not None


def test_every_plotting_function_has_its_picture():
    package = Path(citybrain.__file__).parent
    drawn = {name for file in package.rglob("*.py") for name in FUNCTION.findall(file.read_text(encoding="utf-8"))}
    assert drawn == {f"plot_{name.partition('.')[0]}" for name in PICTURES}
