"""The network commands from outside: exit codes, one line for bad input, files where asked."""

from __future__ import annotations

import json
import sys

import pytest
from nets import tiny_net
from osm_samples import crossroads

from citybrain.cli import main


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a small net, which is also the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "tiny.net.xml").write_text(tiny_net(), encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    """Run ``citybrain network`` in this process: exit code, standard output, standard error."""

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["citybrain", "network", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return left.value.code or 0, printed.out, printed.err

    return command


@pytest.fixture
def refused(run, here):
    """Run what must fail: code 2, one line, nothing written; returns the line."""

    def command(*arguments):
        before = sorted(here.rglob("*"))
        code, out, err = run(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert sorted(here.rglob("*")) == before
        return err.removeprefix("citybrain: ").strip()

    return command


def test_check_of_a_net_file_writes_nothing_unless_asked(run, here):
    code, out, _ = run("check", "tiny.net.xml")
    assert code == 0
    assert "signalised junctions" in out
    assert [p.name for p in here.iterdir()] == ["tiny.net.xml"]


def test_check_writes_its_report(run, here):
    assert run("check", "tiny.net.xml", "--out", "o")[0] == 0
    report = json.loads((here / "o" / "check.json").read_text(encoding="utf-8"))
    assert (report["junctions"], report["unserved"], report["ok"]) == (1, 0, True)


def test_check_leaves_with_1_where_there_are_errors(run, here):
    (here / "tiny.net.xml").write_text(tiny_net((("Grrr", 20), ("yrrr", 3), ("rrGr", 8))), encoding="utf-8")
    code, out, _ = run("check", "tiny.net.xml", "--out", "o")
    assert code == 1
    assert "unserved-movement" in out
    report = json.loads((here / "o" / "check.json").read_text(encoding="utf-8"))
    assert report["counts"]["errors"] == 1


def test_check_of_a_folder_and_of_a_configuration(run, here):
    (here / "tiny.sumocfg").write_text(
        '<configuration><net-file value="tiny.net.xml"/></configuration>', encoding="utf-8"
    )
    assert run("check", here)[0] == 0
    assert run("check", "tiny.sumocfg")[0] == 0


def test_check_of_what_is_not_there(refused, here):
    assert refused("check", "gone.net.xml") == "gone.net.xml: no such network file"
    assert refused("check", "kuala-lumpr").startswith("unknown scenario 'kuala-lumpr' (did you mean 'kuala-lumpur'?)")
    assert refused("check", "kuala-lumpur:noon").startswith("unknown scenario 'kuala-lumpur:noon'")
    (here / "empty").mkdir()
    assert refused("check", "./empty") == "empty: holds 0 .net.xml files, needed 1; name the file"


def test_show_draws_a_picture(run, here):
    assert run("show", "tiny.net.xml", "--out", "pictures/tiny.png")[0] == 0
    assert (here / "pictures" / "tiny.png").read_bytes().startswith(b"\x89PNG")
    assert run("show", "tiny.net.xml")[0] == 0
    assert (here / "tiny.net.xml.png").is_file()


def test_show_refuses_what_it_cannot_write(refused):
    assert refused("show", "tiny.net.xml", "--out", "a.txt").startswith("--out a.txt: a picture ends in .png")
    line = refused("show", "tiny.net.xml", "--out", "a.png", "--geojson", "a.geojson")
    assert line.startswith("tiny.net.xml: has no projection (projParameter '!')")


def test_build_refuses_bad_input(refused):
    assert refused("build", "town", "--osm", "gone.osm") == "gone.osm: no such OpenStreetMap extract"
    assert refused("build", "town", "--osm", "gone.osm", "--bbox", "1,2,3").startswith("--bbox '1,2,3': needs four")
    assert refused("build", "My Town", "--osm", "gone.osm").startswith("name 'My Town': use lower-case")


@pytest.mark.sumo
def test_kuala_lumpur_is_sound(run, here):
    code, _, _ = run("check", "kuala-lumpur", "--out", "o")
    report = json.loads((here / "o" / "check.json").read_text(encoding="utf-8"))
    assert code == 0
    assert (report["junctions"], report["unserved"], report["left_hand"]) == (281, 0, True)
    assert report["connectivity"]["largest_share"] == 1.0
    assert report["findings"] == []
    assert report["programs"] == 281  # the evening's plans


@pytest.mark.sumo
def test_build_then_show_then_check(run, here):
    (here / "town.osm").write_text(crossroads(), encoding="utf-8")
    code, out, _ = run("build", "town", "--osm", "town.osm")
    assert code == 0
    assert "Driving on the left: 1 of 1 roundabouts and dual carriageways say so" in out
    assert (here / "town" / "check.json").is_file()
    assert run("show", "town", "--geojson", "town.geojson")[0] == 0
    signal = json.loads((here / "town.geojson").read_text(encoding="utf-8"))["features"][-1]
    assert signal["geometry"]["coordinates"] == pytest.approx([101.7, 3.15], abs=1e-4)
    assert run("check", "town/town.sumocfg")[0] == 0
