"""What each road emits: CO2, NOx and particles, from SUMO's emission model of each vehicle type (HBEFA).

Types without a class of their own count as a petrol car of Euro 4, SUMO's default.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from lxml import etree

from citybrain.errors import PlantError

SCHEMA = pa.schema([("edge", pa.string()), ("co2_g", pa.float64()), ("nox_g", pa.float64()), ("pmx_g", pa.float64())])
"""Grams in the measured window; roads that nobody drove on are left out."""
_COLUMNS = ("CO2_abs", "NOx_abs", "PMx_abs")  # milligrams
_FILE = "emissions.xml"


def emissions_request(folder: Path) -> Path:
    """Return an additional file that has SUMO write emissions by edge into ``folder``."""
    path = folder / "emissions.add.xml"
    path.write_text(
        f'<additional><edgeData id="citybrain-emissions" type="emissions" file="{folder / _FILE}" '
        'excludeEmpty="true"/></additional>',
        encoding="utf-8",
    )
    return path


def read_emissions(folder: Path) -> pa.Table:
    """Read what :func:`emissions_request` asked for."""
    path = folder / _FILE
    if not path.is_file():
        raise PlantError(f"SUMO wrote no {path.name}; it ended before the run did")
    rows: dict[str, list[float]] = {}
    for _, element in etree.iterparse(str(path), tag="edge"):
        sums = rows.setdefault(element.get("id"), [0.0, 0.0, 0.0])
        for k, name in enumerate(_COLUMNS):
            sums[k] += float(element.get(name, 0.0)) / 1000
        element.clear()
    columns = [list(rows), *([values[k] for values in rows.values()] for k in range(3))]
    return pa.table([pa.array(c, t) for c, t in zip(columns, SCHEMA.types, strict=True)], schema=SCHEMA)
