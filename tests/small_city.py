"""A written city small enough to follow by hand: a main road with two signals and a crossing, two side streets.

::

    g_west ── a ── x ── b ── g_east        a, b junctions; x crossing; 500 m apart
              |         |
            g_south   g_north
"""

from __future__ import annotations

from pathlib import Path

JUNCTIONS = """id,name,lat,lon,kind,group,basis
g_west,West,3.1500,101.6900,gateway,,assumed
a,Main / South,3.1500,101.6950,junction,A,osm
x,Main crossing,3.1500,101.6975,crossing,A,assumed
b,Main / North,3.1500,101.7000,junction,B,osm
g_east,East,3.1500,101.7050,gateway,,assumed
g_south,South,3.1450,101.6950,gateway,,assumed
g_north,North,3.1550,101.7000,gateway,,assumed
"""
CORRIDORS = """
[[corridor]]
name = "Main"
class = "arterial"
speed_kmh = 60
lanes = [2, 2]
turn_lane = true
path = ["g_west", "a", "x", "b", "g_east"]
[[corridor]]
name = "South"
speed_kmh = 50
lanes = [1, 1]
path = ["a", "g_south"]
[[corridor]]
name = "North"
speed_kmh = 50
lanes = [1, 1]
path = ["b", "g_north"]
"""
ZONES = """
[[gateway]]
place = "g_west"
homes = 10
jobs = 2
[[gateway]]
place = "g_east"
homes = 2
jobs = 10
[[gateway]]
place = "g_south"
homes = 3
jobs = 3
[[gateway]]
place = "g_north"
homes = 3
jobs = 3
[[zone]]
name = "Middle"
homes = 4
jobs = 6
places = ["a", "x", "b"]
"""
PERIODS = """
[shares]
car = 0.8
motorcycle = 0.15
lorry = 0.05
[day]
profile = [1, 1, 1, 1, 1, 1, 2, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3, 4, 5, 4, 3, 2, 1, 1]
[period.peak]
begin_h = 18
end_h = 18.25
warmup_s = 300
trips_vph = 1200
to_work = 0.1
to_home = 0.6
through = 0.4
cycle_s = [60, 120]
course = [[-300, 1.0], [0, 1.2], [900, 0.6]]
[period.night]
begin_h = 2
end_h = 2.25
warmup_s = 300
trips_vph = 200
to_work = 0.1
to_home = 0.4
through = 0.4
cycle_s = [50, 80]
"""
BUSES = """
[[line]]
name = "West - East"
via = ["g_west", "b", "g_east"]
headway_min = [5, 10, 0]
"""
SITES = """
[[site]]
name = "Fire station"
kind = "fire station"
lat = 3.1502
lon = 101.6965
roads = ["a--x", "x--a"]
"""


def write_city(folder: Path, **changed: str) -> Path:
    """Write the city into a folder; give ``zones=...`` and so on to change a file."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "junctions.csv": JUNCTIONS, "corridors.toml": CORRIDORS, "zones.toml": ZONES, "periods.toml": PERIODS,
        "buses.toml": BUSES, "emergency_sites.toml": SITES,
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(changed.get(name.partition(".")[0], text), encoding="utf-8")
    return folder
