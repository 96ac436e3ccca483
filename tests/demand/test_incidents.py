from __future__ import annotations

import networkx as nx
import pytest

from citybrain.demand.incidents import IncidentSpec, draw_incidents, read_incidents
from citybrain.errors import InputError
from citybrain.network.synthetic import grid_network

GRID = grid_network(4, 4, lanes=2)
ALL = range(len(GRID.edges))
GOOD = {
    "kind": '"crash"',
    "edge": '"0-0>0-1"',
    "lanes": "[0]",
    "position_m": "100",
    "onset_s": "60",
    "duration_s": "300",
}


def written(tmp_path, **changes):
    values = {**GOOD, **changes}
    path = tmp_path / "incidents.toml"
    path.write_text("[[incident]]\n" + "\n".join(f"{k} = {v}" for k, v in values.items() if v is not None))
    return path


def draw(seed, **options):
    return draw_incidents(GRID, ALL, seed=seed, **{"count": 3, "begin_s": 600.0, "end_s": 3000.0, **options})


def test_a_file_is_read(tmp_path):
    assert read_incidents(written(tmp_path), GRID) == (
        IncidentSpec(kind="crash", edge="0-0>0-1", lanes=(0,), position_m=100, onset_s=60, duration_s=300),
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": '"meteor"'}, "meteor"),
        ({"edge": '"0-0>0-9"'}, "did you mean"),
        ({"lanes": "[5]"}, "0 to 1"),
        ({"lanes": "[0, 0]"}, "must be different"),
        ({"lanes": "[]"}, "lanes"),
        ({"position_m": "9999"}, "beyond the end"),
        ({"position_m": "nan"}, "position_m"),
        ({"duration_s": "-1"}, "duration_s"),
        ({"onset_s": None}, "onset_s"),
        ({"colour": '"red"'}, "colour"),
    ],
)
def test_bad_values_are_one_line(tmp_path, changes, words):
    with pytest.raises(InputError, match=r"incidents.toml: incident 1: ") as caught:
        read_incidents(written(tmp_path, **changes), GRID)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "x = 1", "[[incident]\n", "incident = 3"])
def test_bad_files_are_one_line(tmp_path, text):
    path = tmp_path / "incidents.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_incidents(path, GRID)
    assert "\n" not in str(caught.value)


def test_the_seed_decides():
    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_drawn_is_far_apart_and_within_the_window(seed):
    specs = draw(seed, least_hops=2)
    roads = GRID.graph().to_undirected()
    ends = [{e.from_node, e.to_node} for s in specs for e in GRID.edges if e.id == s.edge]
    assert specs
    for i, a in enumerate(ends):
        for b in ends[:i]:
            assert min(nx.shortest_path_length(roads, p, q) for p in a for q in b) >= 2
    for spec in specs:
        assert 600 <= spec.onset_s <= spec.end_s <= 3000
        assert 10 <= spec.position_m <= 290


def test_a_window_that_is_too_short_is_refused():
    with pytest.raises(InputError, match="no room"):
        draw(1, end_s=700.0)
