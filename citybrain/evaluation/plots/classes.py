"""Classes for colouring roads: a few round bounds that every map of a kind shares.

Classes read better than a smooth ramp on thin lines, and tell the reader a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from citybrain.evaluation.plots.style import CHANGE_COLOURS, DELAY_COLOURS, SPEED_COLOURS

_WIDE = 8.0
NO_CLASS = -1
"""The class of a road without a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """Bounds between classes and how each class is drawn.

    Attributes
    ----------
    bounds : tuple of float
        Ascending; class ``i`` holds values from ``bounds[i - 1]`` up to below ``bounds[i]``.
    colours, widths : tuple, one longer than ``bounds``
        Colour and relative line width of each class.
    order : tuple of int
        Classes from the first drawn to the last, so that what matters lies on top.
    """

    unit: str
    bounds: tuple[float, ...]
    colours: tuple[str, ...]
    widths: tuple[float, ...]
    order: tuple[int, ...]

    def of(self, values: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the class of each value, :data:`NO_CLASS` for NaN."""
        index = np.searchsorted(self.bounds, values, side="right")
        return np.where(np.isnan(values), NO_CLASS, index)

    def labels(self) -> tuple[str, ...]:
        """Return the range of each class in words."""
        text = [_short(bound) for bound in self.bounds]
        inner = [f"{low} to {high}" for low, high in pairwise(text)]
        return (f"under {text[0]}", *inner, f"{text[-1]} and more")


def delay_classes(rates: Sequence[NDArray[np.float64]]) -> Classes:
    """Return classes for the time lost, shared by the maps of ``rates`` (one array a policy)."""
    n = len(DELAY_COLOURS)
    return Classes(
        unit="vehicle-hours lost per hour and km",
        bounds=round_steps(_top(rates, 99), n - 1, coarse=_is_wide(rates)),
        colours=DELAY_COLOURS,
        widths=tuple(np.linspace(0.6, 2.0, n)),
        order=tuple(range(n)),
    )


def change_classes(changes: Sequence[NDArray[np.float64]]) -> Classes:
    """Return symmetric classes for differences to the baseline; negative is better."""
    n = len(CHANGE_COLOURS)
    sizes = [np.abs(change) for change in changes]
    steps = round_steps(_top(sizes, 98), n // 2, coarse=_is_wide(sizes))
    widths = np.abs(np.linspace(-2.0, 2.0, n)).clip(0.6)
    return Classes(
        unit="change in vehicle-hours lost per hour and km",
        bounds=(*(-step for step in reversed(steps)), *steps),
        colours=CHANGE_COLOURS,
        widths=tuple(widths),
        order=tuple(sorted(range(n), key=lambda i: widths[i])),
    )


def speed_classes(speeds_kmh: Sequence[NDArray[np.float64]]) -> Classes:
    """Return evenly spaced classes for mean speeds in km/h."""
    n = len(SPEED_COLOURS)
    step = max(5.0, 5.0 * round(_top(speeds_kmh, 90) / (n - 1) / 5.0))
    return Classes(
        unit="mean speed, km/h",
        bounds=tuple(step * i for i in range(1, n)),
        colours=SPEED_COLOURS,
        widths=tuple(np.linspace(1.6, 0.8, n)),
        order=tuple(reversed(range(n))),
    )


def round_steps(top: float, count: int, *, coarse: bool = False) -> tuple[float, ...]:
    """Return ``count`` ascending bounds that end at or below ``top``.

    They are of the series 1, 2, 5, 10, 20, ..., or 1, 3, 10, 30, ... where ``coarse``.
    """
    top = top if np.isfinite(top) and top > 0 else 1.0
    digits = (1, 3) if coarse else (1, 2, 5)
    decade = int(np.floor(np.log10(top)))
    # a division keeps 0.1 and its like exact, which a negative power does not
    series = [
        float(digit * 10**power if power >= 0 else digit / 10**-power)
        for power in range(decade - count, decade + 2)
        for digit in digits
    ]
    return tuple([value for value in series if value <= top * (1 + 1e-9)][-count:])


def _is_wide(arrays: Sequence[NDArray[np.float64]]) -> bool:
    """Return whether one policy is so much worse that fine classes would show nothing of the others."""
    tops = [top for array in arrays if (top := _top([array], 99)) > 0]
    return bool(tops) and max(tops) > _WIDE * min(tops)


def _top(arrays: Sequence[NDArray[np.float64]], percentile: float) -> float:
    values = np.concatenate([np.asarray(a, dtype=np.float64) for a in arrays]) if arrays else np.empty(0)
    values = values[np.isfinite(values) & (values > 0)]
    return float(np.percentile(values, percentile)) if len(values) else 0.0


def _short(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")
