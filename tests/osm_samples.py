"""A crossroads with a signal, written by hand as OpenStreetMap has it, and a roundabout beside it.

::

    w ──── C ──── m ──── e      C: highway=traffic_signals; m lies on the way to the roundabout
           |                    the roundabout runs clockwise where people drive on the left
    s ─────┘ (and n above)
"""

from __future__ import annotations

LON, LAT = 101.7000, 3.1500
_STEP = 0.002  # about 220 m


def crossroads(*, clockwise: bool | None = True, signal: bool = True) -> str:
    places = {
        1: (0, 0), 2: (0, 1), 3: (1, 0), 4: (0, -1), 5: (-1, 0), 6: (2, 0),
        11: (1.9, 0.1), 12: (2.0, 0.2), 13: (2.1, 0.1), 14: (2.0, 0.0),
    }  # fmt: skip
    nodes = "".join(
        f'<node id="{key}" lat="{LAT + dy * _STEP:.6f}" lon="{LON + dx * _STEP:.6f}" version="1">'
        + ('<tag k="highway" v="traffic_signals"/>' if signal and key == 1 else "")
        + "</node>"
        for key, (dx, dy) in places.items()
    )
    ways = _way(101, (2, 1, 4), "secondary", name="North Road") + _way(102, (5, 1, 3, 6), "primary", name="East Road")
    if clockwise is not None:
        ring = (14, 11, 12, 13, 14)  # west, north, east: clockwise seen from above
        ways += _way(103, ring if clockwise else ring[::-1], "tertiary", junction="roundabout")
        ways += _way(104, (6, 14), "tertiary")
    return f'<?xml version="1.0"?><osm version="0.6">{nodes}{ways}</osm>'


def _way(key: int, nodes: tuple[int, ...], highway: str, **tags: str) -> str:
    refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
    text = "".join(f'<tag k="{k}" v="{v}"/>' for k, v in {"highway": highway, **tags}.items())
    return f'<way id="{key}" version="1">{refs}{text}</way>'
