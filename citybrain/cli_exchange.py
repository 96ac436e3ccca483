"""The ``citybrain exchange`` commands: networks, plans and counts from and to other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from citybrain.errors import InputError

exchange = typer.Typer(
    name="exchange",
    no_args_is_help=True,
    help="Exchange with other tools: GMNS, GeoPackage, GeoJSON, spreadsheets, counts.",
)
console = Console()
_NAME_HELP = "A scenario (kuala-lumpur, resco:cologne1), a .sumocfg or a .net.xml."
_MAPS = (".gpkg", ".geojson")


@exchange.command()
def gmns(
    name: Annotated[str, typer.Argument(help=_NAME_HELP)],
    out: Annotated[Path, typer.Option(help="Folder for node.csv, link.csv, movement.csv, signal_*.csv and so on.")],
    force: Annotated[bool, typer.Option("--force", help="Replace tables that the folder holds.")] = False,
) -> None:
    """Write a network and its signal programs as GMNS tables.

    Example: citybrain exchange gmns resco:cologne8 --out cologne8-gmns
    """
    from citybrain.integrations.exchange.gmns_write import write_gmns

    net_file, additional = _open(name)
    if (out / "node.csv").exists() and not force:
        raise InputError(f"{out}: already holds node.csv; give another --out, or --force to replace it")
    counts = write_gmns(net_file, out, additional, name=name)
    _say(f"Written: {out} ({', '.join(f'{n} {table}' for table, n in counts.items())})")


@exchange.command()
def sumo(
    folder: Annotated[Path, typer.Argument(help="Folder of GMNS tables.")],
    out: Annotated[Path, typer.Option(help="Net to write, such as my-city.net.xml.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a net that is there.")] = False,
) -> None:
    """Build a SUMO net, signal programs included, from GMNS tables.

    Example: citybrain exchange sumo cologne8-gmns --out cologne8.net.xml
    """
    from citybrain.integrations.exchange.gmns_read import read_gmns

    if not out.name.endswith(".net.xml"):
        raise InputError(f"--out {out}: a net ends in .net.xml")
    _refuse_old(out, force=force)
    programs = read_gmns(folder, out)
    _say(f"Written: {out} ({len(programs)} signal programs)")


@exchange.command()
def plans(
    name: Annotated[str, typer.Argument(help=_NAME_HELP)],
    out: Annotated[Path, typer.Option(help="CSV to write, one row a stage.")],
    plans: Annotated[
        Path | None, typer.Option(help="Plans (plans.add.xml); the scenario's own programs where not given.")
    ] = None,
    semicolons: Annotated[
        bool,
        typer.Option("--semicolons", help="Separate by semicolons, for spreadsheets that use the comma in numbers."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a table that is there.")] = False,
) -> None:
    """Write signal plans as a table for a spreadsheet: cycle, offset, greens, what is green, intergreens.

    Example: citybrain exchange plans resco:cologne8 --plans plans/plans.add.xml --out plans.csv
    """
    from citybrain.integrations.exchange.plan_csv import write_plan_csv
    from citybrain.network.reader import read_network

    net_file, additional = _open(name)
    _refuse_old(out, force=force)
    rows = write_plan_csv(out, read_network(net_file, additional), plans, delimiter=";" if semicolons else ",")
    _say(f"Written: {out} ({rows} stages)")


@exchange.command()
def counts(
    table: Annotated[
        Path, typer.Argument(help="CSV of counts, one row a place and time, or one column a place or a time.")
    ],
    out: Annotated[Path, typer.Option(help="CSV to write, as `citybrain network calibrate` reads it.")],
    places: Annotated[
        Path | None,
        typer.Option(help='Edge of each place: TOML (north = "edge-7") or CSV; the names are edges where not given.'),
    ] = None,
    interval: Annotated[
        float | None,
        typer.Option(min=1, max=86400, help="Seconds that a count lasts; the step between times if not given."),
    ] = None,
    per_hour: Annotated[bool, typer.Option("--per-hour", help="The values are vehicles an hour.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a table that is there.")] = False,
) -> None:
    """Bring counts in one of the common layouts into the form that calibration reads.

    Example: citybrain exchange counts loops.csv --places places.toml --interval 900 --out counts.csv
    """
    from citybrain.integrations.exchange.count_layouts import read_layout, read_places, write_counts

    found = read_layout(table, places=read_places(places) if places else None, interval_s=interval, per_hour=per_hour)
    _refuse_old(out, force=force)
    write_counts(out, found)
    _say(f"Written: {out} ({len(found)} counts on {len({count.edge for count in found})} edges)")


@exchange.command(name="map")
def export_map(
    name: Annotated[str, typer.Argument(help=_NAME_HELP)],
    out: Annotated[Path, typer.Option(help="File to write: .gpkg (GeoPackage) or .geojson.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write roads and signals as a GeoPackage or as GeoJSON, WGS84.

    Example: citybrain exchange map kuala-lumpur --out kuala-lumpur.gpkg
    """
    from citybrain.integrations.exchange.geopackage import write_geopackage
    from citybrain.network.geojson import network_geojson, write_geojson
    from citybrain.network.netfacts import read_facts
    from citybrain.network.reader import read_network

    if out.suffix.lower() not in _MAPS:
        raise InputError(f"--out {out}: a map ends in {' or '.join(_MAPS)}, not {out.suffix!r}")
    net_file, _ = _open(name)
    _refuse_old(out, force=force)
    collection = network_geojson(read_network(net_file), read_facts(net_file))
    if out.suffix.lower() == ".gpkg":
        write_geopackage(collection, out)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_geojson(collection, out)
    _say(f"Written: {out} ({len(collection['features'])} features)")


def _open(name: str) -> tuple[Path, tuple[Path, ...]]:
    """Return the net of a scenario or the net itself, and what is loaded on top of it."""
    from citybrain.demand.scenario import open_scenario

    if name.endswith((".net.xml", ".net.xml.gz")):
        return Path(name), ()
    scenario = open_scenario(name)
    return scenario.net_file, scenario.additional_files


def _refuse_old(out: Path, *, force: bool) -> None:
    if out.exists() and not force:
        raise InputError(f"{out}: is there already; give another --out, or --force to replace it")


def _say(text: str) -> None:
    console.print(text, soft_wrap=True, markup=False, highlight=False)
