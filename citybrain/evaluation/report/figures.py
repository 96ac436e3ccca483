"""Turn axes into pictures inside the page: inline SVG that needs nothing from outside."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from citybrain.evaluation.report.theme import themed

_PATH = re.compile(r'\bd="[^"]*"')
_DIGITS = re.compile(r"(\d\.\d\d)\d+")
_PROLOG = re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", re.DOTALL)
_IDENTIFIERS = re.compile(r'(\bid="|href="#|url\(#)')
_NAMESPACES = re.compile(r'\s+xmlns(:\w+)?="[^"]*"')
_SIZE = re.compile(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>')


@contextmanager
def own_style() -> Iterator[None]:
    """Draw in the page's own style, whatever the user's matplotlibrc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        # a policy's name is text, dollar signs and all
        mpl.rcParams["text.parse_math"] = False
        yield


def inline_svg(ax: Axes, *, name: str, alternative: str) -> Markup:
    """Return the figure of ``ax`` as SVG to put into a page.

    Parameters
    ----------
    name : str
        Unique on the page; keeps the identifiers of figures apart.
    alternative : str
        What the picture shows, for those who cannot see it.
    """
    figure = ax.figure
    if not isinstance(figure, Figure):
        raise TypeError(f"figure {name!r}: axes must lie on a figure of their own, not on a {type(figure).__name__}")
    buffer = io.StringIO()
    printed: Any = FigureCanvasSVG(figure)
    # text stays text: it takes the page's font, can be searched, and is small
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        printed.print_svg(buffer, metadata={"Date": None})
    text = _NAMESPACES.sub("", _PROLOG.sub("", buffer.getvalue()))
    # a hundredth of a point is finer than any screen, and halves the page
    text = _PATH.sub(lambda path: _DIGITS.sub(r"\1", path[0]), text).replace(" \n", " ").replace("\n", " ")
    text = _IDENTIFIERS.sub(rf"\g<1>{name}-", text)
    label = Markup.escape(alternative)
    text = _SIZE.sub(lambda head: f'<svg role="img" aria-label="{label}" viewBox="{head[1]}">', text, count=1)
    # markup that matplotlib made: it escapes every text it draws
    return Markup(themed(text))  # noqa: S704
