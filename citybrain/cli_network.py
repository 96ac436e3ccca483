"""The ``citybrain network`` commands: check a network, show it, build one; :mod:`.cli_calibrate` adds calibration."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from citybrain.cli_calibrate import calibrate
from citybrain.errors import InputError

if TYPE_CHECKING:
    from citybrain.network.check import CheckReport

network = typer.Typer(
    name="network",
    no_args_is_help=True,
    help="Networks: check, show, build, calibrate. Start with: citybrain network check NAME",
)
console = Console()
_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
_SHOWN = 3
_NET_SUFFIXES = (".net.xml", ".net.xml.gz")
_PICTURES = (".png", ".svg", ".pdf", ".jpg")
_NAME_HELP = "A city (kuala-lumpur), a scenario, a .sumocfg, a .net.xml, or a folder with one."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A net file, and what the city or scenario it belongs to knows beyond it."""

    name: str
    net_file: Path
    groups: Mapping[str, str] = field(default_factory=dict)
    gateways: frozenset[str] = frozenset()
    plan_files: tuple[Path, ...] = ()


@network.command()
def check(
    name: Annotated[str, typer.Argument(help=_NAME_HELP)],
    out: Annotated[Path | None, typer.Option(help="Folder for check.json.")] = None,
) -> None:
    """Say what is in a network and its signal programs, and what looks wrong, why it matters and what to do.

    Exits with 1 where there are errors; warnings and notes alone are 0.

    Example: citybrain network check kuala-lumpur
    """
    from citybrain.network.check import check_network
    from citybrain.network.check_programs import read_programs
    from citybrain.network.netfacts import read_facts
    from citybrain.network.reader import read_network

    source = _open(name, plans=True)
    graph = read_network(source.net_file)
    report = check_network(
        graph,
        name=source.name,
        facts=read_facts(source.net_file),
        gateways=source.gateways,
        programs=read_programs(source.plan_files),
    )
    _tell(report, out)


@network.command()
def show(
    name: Annotated[str, typer.Argument(help=_NAME_HELP)],
    out: Annotated[
        Path | None, typer.Option(help="Picture to write (.png, .svg, .pdf); NAME.png where nothing is asked for.")
    ] = None,
    geojson: Annotated[Path | None, typer.Option(help="GeoJSON to write, WGS84.")] = None,
) -> None:
    """Draw a network, and export it as GeoJSON.

    Example: citybrain network show kuala-lumpur --out kuala-lumpur.png --geojson kuala-lumpur.geojson
    """
    from citybrain.network.geojson import network_geojson, write_geojson
    from citybrain.network.netfacts import read_facts
    from citybrain.network.picture import plot_network, save_picture
    from citybrain.network.reader import read_network

    source = _open(name)
    if out is None and geojson is None:
        out = Path(f"{Path(source.name).name.replace(':', '-')}.png")
    if out is not None and out.suffix.lower() not in _PICTURES:
        raise InputError(f"--out {out}: a picture ends in {', '.join(_PICTURES)}, not {out.suffix!r}")
    graph = read_network(source.net_file)
    facts = read_facts(source.net_file)
    collection = network_geojson(graph, facts, groups=source.groups) if geojson is not None else None
    if out is not None:
        axes = plot_network(graph, road_class=facts.road_class, groups=source.groups, title=source.name)
        out.parent.mkdir(parents=True, exist_ok=True)
        save_picture(axes, out)
        console.print(f"Picture: {out}", soft_wrap=True, markup=False)
    if geojson is not None and collection is not None:
        geojson.parent.mkdir(parents=True, exist_ok=True)
        write_geojson(collection, geojson)
        console.print(f"GeoJSON: {geojson}", soft_wrap=True, markup=False)


@network.command()
def build(
    name: Annotated[str, typer.Argument(help="Name of the network: lower-case letters, digits, - and _.")],
    osm: Annotated[Path, typer.Option(help="OpenStreetMap extract: .osm, .osm.gz or .osm.pbf.")],
    bbox: Annotated[str | None, typer.Option(help="Keep only roads in W,S,E,N (degrees).")] = None,
    left_hand: Annotated[
        bool | None,
        typer.Option(
            "--left-hand/--right-hand",
            help="Side of driving; without it roundabouts and dual carriageways tell, and right where there are none.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; NAME where not given.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a network that the folder holds.")] = False,
) -> None:
    """Build a network from an OpenStreetMap extract with SUMO's importer, then check it.

    Example: citybrain network build my-city --osm my-city.osm.pbf --bbox 101.68,3.13,101.72,3.17
    """
    from citybrain.network.check import check_network
    from citybrain.network.netfacts import read_facts
    from citybrain.network.osm import build_from_osm
    from citybrain.network.osm_extract import parse_box

    started = time.perf_counter()
    box = parse_box(bbox) if bbox is not None else None
    with console.status(f"Importing {escape(str(osm))}"):
        built = build_from_osm(name, osm, out or Path(name), box=box, left_hand=left_hand, force=force)
    report = check_network(built.network, name=name, facts=read_facts(built.net_file))
    side = "left" if built.side.left_hand else "right"
    for line in (
        f"Built {built.net_file} in {time.perf_counter() - started:.1f} s",
        f"Driving on the {side}: {built.side.basis}",
        f"The importer gave {len(built.warnings)} warnings: {built.folder / 'netconvert.log'}",
    ):
        console.print(line, soft_wrap=True, markup=False)
    _tell(report, built.folder)


network.command()(calibrate)


def _open(spec: str, *, plans: bool = False) -> _Source:
    """Find the net of a city, scenario, configuration, net file or folder, and the plans beside it where asked."""
    from citybrain.demand.city import build_city, city_periods
    from citybrain.demand.named import DEFAULT_PERIOD
    from citybrain.demand.scenario import open_scenario, unknown_scenario
    from citybrain.network.cities import city_folder, city_names
    from citybrain.network.corridors import read_city
    from citybrain.network.written import city_net

    path = Path(spec)
    family, _, variant = spec.partition(":")
    if spec.endswith(_NET_SUFFIXES):
        return _Source(name=spec, net_file=path)
    if family in city_names():
        periods = city_periods(family)
        if variant and variant not in periods:
            raise unknown_scenario(spec, tuple(f"{family}:{period}" for period in periods))
        # the name alone means its default period, as for every other command
        shown = variant or (DEFAULT_PERIOD if DEFAULT_PERIOD in periods else "")
        written = read_city(city_folder(family))
        return _Source(
            name=family,
            net_file=city_net(family),
            groups={place.id: place.group for place in written.signals},
            gateways=frozenset(place.id for place in written.places.values() if place.kind == "gateway"),
            plan_files=build_city(family, shown).additional_files if plans and shown else (),
        )
    if path.is_dir():
        nets = sorted(file for file in path.iterdir() if file.name.endswith(_NET_SUFFIXES))
        if len(nets) != 1:
            raise InputError(f"{path}: holds {len(nets)} .net.xml files, needed 1; name the file")
        return _Source(name=path.resolve().name, net_file=nets[0])
    opened = open_scenario(spec)
    return _Source(name=spec, net_file=opened.net_file, plan_files=opened.additional_files if plans else ())


def _tell(report: CheckReport, out: Path | None) -> None:
    """Print a report, write it where asked, and leave with its exit code."""
    console.print(_facts(report))
    if report.findings:
        console.print(_findings(report))
    counts = report.as_dict()["counts"]
    console.print(", ".join(f"{n} {kind if n != 1 else kind[:-1]}" for kind, n in counts.items()))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report.as_dict(), indent=1, ensure_ascii=False)
        (out / "check.json").write_text(f"{text}\n", encoding="utf-8")
        console.print(f"Report: {out / 'check.json'}", soft_wrap=True, markup=False)
    if report.errors:
        raise typer.Exit(1)


def _facts(report: CheckReport) -> Table:
    table = Table(title=escape(report.name), title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column()
    links = report.connectivity
    outside = len(links.one_way_in) + len(links.one_way_out) + len(links.one_way_through)
    connected = f"{links.largest_share:.1%} of the roads strongly connected"
    if outside or links.stranded:
        connected += f"; {outside} one-way into, out of or through the map, {len(links.stranded)} stranded"
    greens = [f for f in report.findings if f.rule == "conflicting-greens"]
    for heading, text in (
        ("signalised junctions", f"{report.junctions}"),
        ("roads", f"{report.edges} edges, {report.road_km:g} km; {report.lanes} lanes, {report.lane_km:g} lane-km"),
        ("driving", f"on the {'left' if report.left_hand else 'right'}"),
        ("for cars", connected),
        ("movements", f"{report.movements} of vehicles, {report.unserved} served by no stage"),
        ("crossings", f"{report.crossings}"),
        ("stages", f"{report.stages}, {len(greens)} pairs of conflicting protected greens"),
        *([("programs beside the net", f"{report.programs}")] if report.programs else []),
    ):
        table.add_row(heading, text)
    return table


def _findings(report: CheckReport) -> Table:
    """Return the findings, those of one rule in one row."""
    table = Table("", "finding", "where", "why, and what to do", show_lines=True)
    rules = dict.fromkeys(finding.rule for finding in report.findings)
    for rule in rules:
        own = [finding for finding in report.findings if finding.rule == rule]
        first = own[0]
        lines = [f"[bold]{escape(finding.id)}[/bold]: {escape(finding.what)}" for finding in own[:_SHOWN]]
        lines += [f"and {len(own) - _SHOWN} more"] if len(own) > _SHOWN else []
        colour = _COLOURS[first.severity]
        table.add_row(
            f"[{colour}]{first.severity}[/{colour}]",
            f"{rule} ({len(own)})",
            "\n".join(lines),
            f"{escape(first.why)}.\n[bold]Do:[/bold] {escape(first.fix)}",
        )
    return table
