"""Numbers as the report prints them: a true minus, thin spaces, no false precision."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
MISSING = "\N{EN DASH}"


def number(value: float | None, decimals: int = 1) -> str:
    """Return a number with a fixed count of decimals and grouped thousands; a dash for none."""
    if value is None or not math.isfinite(value):
        return MISSING
    # large values need no decimals, and rounding must not leave "-0.0"
    places = 0 if abs(value) >= 1000 else decimals
    rounded = round(value, places) + 0.0
    return f"{rounded:,.{places}f}".replace(",", NARROW_SPACE).replace("-", MINUS)


def count(value: float | None) -> str:
    """Return a count, or a mean of counts with one decimal where it is not whole."""
    if value is None or not math.isfinite(value):
        return MISSING
    return number(value, 0 if float(value).is_integer() else 1)


def percent(value: float | None, decimals: int = 1, *, signed: bool = False) -> str:
    """Return ``12.3 %``, with a plus sign where ``signed``."""
    text = number(value, decimals)
    plus = "+" if signed and value is not None and math.isfinite(value) and round(value, decimals) > 0 else ""
    return text if text == MISSING else f"{plus}{text}{NARROW_SPACE}%"


def interval(bounds: tuple[float, float] | None, decimals: int = 1) -> str:
    """Return ``40.1 to 45.7``, or an empty text where there is no interval.

    One seed gives an interval without width, which would read as certainty.
    """
    if bounds is None or not has_width(bounds):
        return ""
    return f"{number(bounds[0], decimals)} to {number(bounds[1], decimals)}"


def saving_interval(bounds: tuple[float, float] | None, *, flipped: bool = False) -> str:
    """Return the interval of a saving in per cent, cut at 100: nobody saves more than all.

    ``flipped`` turns it into the interval of an increase.
    """
    if bounds is None or not has_width(bounds):
        return ""
    low, high = min(bounds[0], 100.0), min(bounds[1], 100.0)
    return interval((-high, -low) if flipped else (low, high))


def positive_interval(bounds: tuple[float, float] | None, decimals: int = 1) -> str:
    """Return the interval of a quantity that cannot be negative, cut at zero."""
    if bounds is None or not has_width(bounds):
        return ""
    return interval((max(bounds[0], 0.0), max(bounds[1], 0.0)), decimals)


def has_width(bounds: tuple[float, float]) -> bool:
    """Return whether an interval says something: finite, and not that of a single seed."""
    return all(math.isfinite(bound) for bound in bounds) and bounds[1] > bounds[0]


def clock_time(time_s: float) -> str:
    """Return seconds of the scenario as ``16:00:00``."""
    seconds = round(time_s)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def plural(amount: int, noun: str) -> str:
    """Return ``1 seed`` or ``3 seeds``."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"
