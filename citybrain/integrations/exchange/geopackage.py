"""GeoJSON features as a GeoPackage (OGC 12-128r18), which every GIS opens: a layer for each kind of feature.

Written with Python's own SQLite: two layers of lines and points need no GIS library. WGS84, longitude first.
"""

from __future__ import annotations

import sqlite3
import struct
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_APPLICATION_ID, _VERSION = 0x47504B47, 10300  # "GPKG", 1.3
_SRS = 4326
_WKT = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433]]'
)
_TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
  srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL PRIMARY KEY REFERENCES gpkg_contents(table_name),
  column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL);
"""
_TYPES = {int: "INTEGER", float: "DOUBLE", str: "TEXT", bool: "BOOLEAN"}


def write_geopackage(collection: Mapping[str, Any], path: Path) -> dict[str, int]:
    """Write a ``FeatureCollection`` of lines and points; returns the features of each layer.

    A layer is named after the property ``kind`` of its features. The file is written beside its place and renamed.
    """
    layers: dict[str, list[Any]] = {}
    for feature in collection["features"]:
        layers.setdefault(feature["properties"]["kind"], []).append(feature)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=path.parent) as scratch:
        made = Path(scratch) / path.name
        database = sqlite3.connect(made)
        try:
            _prepare(database)
            for name, features in layers.items():
                _layer(database, name, features)
            database.commit()
        finally:
            database.close()
        made.replace(path)
    return {name: len(features) for name, features in layers.items()}


def _prepare(database: sqlite3.Connection) -> None:
    database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {_VERSION}")
    database.executescript(_TABLES)
    database.executemany(
        "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)",
        [
            ("Undefined cartesian", -1, "NONE", -1, "undefined", ""),
            ("Undefined geographic", 0, "NONE", 0, "undefined", ""),
            ("WGS 84 geodetic", _SRS, "EPSG", _SRS, _WKT, "longitude, latitude"),
        ],
    )


def _layer(database: sqlite3.Connection, name: str, features: Sequence[Mapping[str, Any]]) -> None:
    kind = features[0]["geometry"]["type"].upper()
    columns = {key: _TYPES[type(value)] for key, value in features[0]["properties"].items() if key != "kind"}
    fields = "".join(f', "{key}" {of}' for key, of in columns.items())
    database.execute(f'CREATE TABLE "{name}" (fid INTEGER PRIMARY KEY AUTOINCREMENT, geom {kind}{fields})')
    points = [point for feature in features for point in _points(feature["geometry"])]
    box = (
        min(x for x, _ in points), min(y for _, y in points), max(x for x, _ in points), max(y for _, y in points),
    )  # fmt: skip
    now = f"{datetime.now(tz=UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    database.execute(
        "INSERT INTO gpkg_contents VALUES (?, 'features', ?, '', ?, ?, ?, ?, ?, ?)", (name, name, now, *box, _SRS)
    )
    database.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", (name, kind, _SRS))
    marks = ", ".join("?" * (2 + len(columns)))
    database.executemany(
        f'INSERT INTO "{name}" VALUES ({marks})',  # noqa: S608 - names are ours, values are bound
        [
            (None, geometry_blob(feature["geometry"]), *(feature["properties"][key] for key in columns))
            for feature in features
        ],
    )


def _points(geometry: Mapping[str, Any]) -> list[tuple[float, float]]:
    found = geometry["coordinates"]
    return [tuple(found)] if geometry["type"] == "Point" else [tuple(point) for point in found]


def geometry_blob(geometry: Mapping[str, Any]) -> bytes:
    """Return a point or a line as GeoPackage binary: its header, with the extent of a line, and well-known binary."""
    points = _points(geometry)
    body = b"".join(struct.pack("<2d", *point) for point in points)
    if geometry["type"] == "Point":
        return struct.pack("<2sBBi", b"GP", 0, 1, _SRS) + struct.pack("<BI", 1, 1) + body
    xs, ys = [x for x, _ in points], [y for _, y in points]
    header = struct.pack("<2sBBi4d", b"GP", 0, 3, _SRS, min(xs), max(xs), min(ys), max(ys))
    return header + struct.pack("<BII", 1, 2, len(points)) + body
