from __future__ import annotations

import gzip

import pytest
from nets import tiny_net

from citybrain.errors import InputError
from citybrain.network import read_network


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "tiny.net.xml"
    path.write_text(tiny_net(), encoding="utf-8")
    return path


def program(signal="C", name="day", offset=7, states=("Grrr", "yrrr", "rrGr", "rryr")):
    phases = "".join(f'<phase duration="{10 + i}" state="{state}"/>' for i, state in enumerate(states))
    logic = f'<tlLogic id="{signal}" programID="{name}" type="static" offset="{offset}">{phases}</tlLogic>'
    return f"<additional>{logic}</additional>"


def stages(network):
    return [stage.state for stage in network.junctions[0].stages]


@pytest.mark.parametrize("name", ["plans.add.xml", "plans.add.xml.gz"])
def test_the_program_that_sumo_would_run_gives_the_stages(net, tmp_path, name):
    own = stages(read_network(net))
    file = tmp_path / name
    file.write_bytes(gzip.compress(program().encode()) if name.endswith("gz") else program().encode())
    network = read_network(net, [file])
    assert stages(network) == ["Grrr", "rrGr"] != own
    assert network.junctions[0].offset_s == 7
    assert [phase.duration_s for phase in network.junctions[0].program] == [10, 11, 12, 13]


def test_the_last_one_loaded_counts_whatever_its_name(net, tmp_path):
    files = []
    for place, (name, states) in enumerate([("0", ("Grrr", "rrGr")), ("x", ("rrrG", "Grrr")), ("0", ("rGrr", "Grrr"))]):
        files.append(tmp_path / f"{place}.xml")
        files[-1].write_text(program(name=name, states=states), encoding="utf-8")
    assert stages(read_network(net, files)) == ["rGrr", "Grrr"]
    assert stages(read_network(net, files[:2])) == ["rrrG", "Grrr"]


def test_a_new_offset_alone_changes_no_stage(net, tmp_path):
    file = tmp_path / "offset.xml"
    file.write_text('<additional><tlLogic id="C" programID="0" offset="3"/></additional>', encoding="utf-8")
    assert stages(read_network(net, [file])) == stages(read_network(net))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (program(signal="Q"), ["'day'", "'Q'", "net does not have"]),
        ("<additional><tlLogic", ["broken XML"]),
        (program().replace('duration="10"', 'duration="long"'), ["'day'", "'C'", "long"]),
    ],
)
def test_a_bad_program_is_named_with_its_file_and_signal(net, tmp_path, text, words):
    file = tmp_path / "bad.add.xml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_network(net, [file])
    message = str(caught.value)
    assert message.startswith(str(file))
    assert "\n" not in message
    for word in words:
        assert word in message
