from __future__ import annotations

import gzip

import pytest
from lxml import etree

from citybrain.demand.silenced import silenced
from citybrain.errors import InputError

NOISY = """<additional>
<e1Detector id="d" lane="a_1" pos="5" freq="60" file="mine.xml"/>
<laneAreaDetector id="e" lane="a_1" freq="60" file="/tmp/other.xml"/>
<edgeData id="m" file="edges.xml"/>
<calibrator id="c" edge="a" output="calibrated.xml"/>
<timedEvent type="SaveTLSStates" source="C" dest="states.xml"/>
<variableSpeedSign id="v" lanes="a_1" file="speeds.xml"/>
</additional>"""


def test_files_without_outputs_are_left_alone(tmp_path):
    file = tmp_path / "quiet.add.xml"
    file.write_text('<additional><vType id="t"/></additional>', encoding="utf-8")
    assert silenced([file], tmp_path / "runs") == (file,)


@pytest.mark.parametrize("name", ["noisy.add.xml", "noisy.add.xml.gz"])
def test_outputs_go_nowhere_and_inputs_are_still_found(tmp_path, name):
    folder = tmp_path / "runs"
    folder.mkdir()
    file = tmp_path / name
    file.write_bytes(gzip.compress(NOISY.encode()) if name.endswith("gz") else NOISY.encode())
    (tmp_path / "speeds.xml").write_text("<vss/>", encoding="utf-8")
    before = file.read_bytes()
    (copy,) = silenced([file], folder)
    assert copy.parent == folder
    assert file.read_bytes() == before
    root = etree.parse(str(copy)).getroot()
    for path, attribute in (
        ("e1Detector", "file"), ("laneAreaDetector", "file"), ("edgeData", "file"), ("calibrator", "output"),
        ("timedEvent", "dest"),
    ):  # fmt: skip
        assert root.find(path).get(attribute) == "/dev/null"
    assert root.find("variableSpeedSign").get("file") == str(tmp_path / "speeds.xml")


def test_two_files_of_one_name_stay_two(tmp_path):
    for part in "ab":
        (tmp_path / part).mkdir()
        (tmp_path / part / "x.xml").write_text(NOISY.replace('"d"', f'"{part}"'), encoding="utf-8")
    copies = silenced([tmp_path / "a" / "x.xml", tmp_path / "b" / "x.xml"], tmp_path)
    assert [etree.parse(str(copy)).find("e1Detector").get("id") for copy in copies] == ["a", "b"]


def test_broken_xml_is_named(tmp_path):
    file = tmp_path / "broken.xml"
    file.write_text("<additional><e1", encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.xml: broken XML"):
        silenced([file], tmp_path)
