"""Build the SUMO net of a written city, once, into the cache."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from citybrain.network import corridors, lane_turns, netconvert, plain, programs, stages
from citybrain.network.cities import cache_folder, city_folder, sources_hash
from citybrain.network.corridors import read_city

_log = logging.getLogger(__name__)
_NET = "city.net.xml"


def city_net(name: str) -> Path:
    """Return the net of a written city by name; builds it if the cache has none.

    Raises
    ------
    InputError
        If the city is unknown or its source is wrong.
    """
    return built_net(city_folder(name))


def built_net(folder: Path) -> Path:
    """Return the net built from a city folder; the cache is keyed by the sources and the code that reads them."""
    code = [Path(str(module.__file__)) for module in (corridors, lane_turns, netconvert, plain, programs, stages)]
    key = sources_hash([folder / "junctions.csv", folder / "corridors.toml", *code], "net")
    target = cache_folder(f"net-{key}")
    if not (target / _NET).is_file():
        _build(folder, target)
    return target / _NET


def _build(folder: Path, target: Path) -> None:
    roads = plain.lay_roads(read_city(folder))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        work = Path(scratch) / "net"
        files = netconvert.write_plain(roads, work)
        warnings = netconvert.convert(files, work / _NET)
        programs.set_default_programs(work / _NET)
        _log.debug("netconvert gave %d warnings for %s", len(warnings), folder.name)
        # two processes may build at once: the first to rename wins, the other's work is the same
        try:
            work.replace(target)
        except OSError:
            if not (target / _NET).is_file():
                raise
