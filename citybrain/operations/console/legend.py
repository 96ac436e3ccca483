"""What the colours and shapes of the map mean."""

from __future__ import annotations

from html import escape

from citybrain.operations.console.words import Words

_ROADS = (("free", 0, 2), ("slow", 1, 3), ("dense", 2, 4), ("jam", 3, 5), ("unseen", -1, 2))
_SHAPES = {
    "adaptive": '<circle cx="10" cy="6" r="4"/>',
    "plan": '<rect x="6" y="2" width="8" height="8"/>',
    "isolated": '<path d="M10 1L15 11L5 11Z"/>',
    "flash": '<path d="M10 0L16 6L10 12L4 6Z"/>',
}


def legend_markup(say: Words) -> str:
    """Return the legend."""
    parts = [
        f'<span><svg aria-hidden="true"><rect y="{6 - width / 2:g}" width="20" height="{width}" fill="var(--{colour})"/></svg>'
        f"{escape(say(f'map.congestion{value}'))}</span>"
        for colour, value, width in _ROADS
    ]
    parts += [
        f'<span><svg aria-hidden="true" fill="var(--{level})">{drawn}</svg>{escape(say(f"level.{level}"))}</span>'
        for level, drawn in _SHAPES.items()
    ]
    parts.append(
        '<span><svg aria-hidden="true"><path d="M10 1L16 11L4 11Z" fill="none" stroke="var(--critical)" stroke-width="1.8"/></svg>'
        f"{escape(say('map.incident'))}</span>"
    )
    parts.append(
        '<span><svg aria-hidden="true"><circle cx="10" cy="6" r="5" fill="var(--call)"/></svg>'
        f"{escape(say('map.call'))}</span>"
    )
    return "".join(parts)
