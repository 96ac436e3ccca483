"""What a report is made of: headline, checks, tables, junctions, explanations, numbers, colours."""

from __future__ import annotations

import re

import numpy as np
import pytest
from report_samples import BEGIN_S, CRASH, NETWORK, PIECES, THREE, plain, record, study

from citybrain.evaluation.plots import plot_seeds
from citybrain.evaluation.plots.style import CHANGE_COLOURS, DELAY_COLOURS, POLICY_COLOURS, SPEED_COLOURS
from citybrain.evaluation.report.aggregate import Study, delays_s, mean_edge_speed_kmh
from citybrain.evaluation.report.decisions import explain, label, text
from citybrain.evaluation.report.figures import inline_svg, own_style
from citybrain.evaluation.report.headline import headline
from citybrain.evaluation.report.health import checks
from citybrain.evaluation.report.junctions import (
    approach_hours,
    approach_of_edges,
    gained_and_lost,
    junction_changes,
    junction_name,
)
from citybrain.evaluation.report.numbers import count, interval, number, percent, positive_interval, saving_interval
from citybrain.evaluation.report.tables import comparison_table, losses_table, seed_table
from citybrain.evaluation.report.theme import DARK_TWINS, themed
from citybrain.evaluation.results import RunResult, VehicleCounts
from citybrain.messages import Event


def study_of(delays, **options):
    return Study.of(*study(delays, **options))


def test_headline_names_the_best_and_proves_it():
    found = headline(study_of(THREE))
    assert found.title.startswith("greedy is best: 50")
    assert found.tone == "good"
    said = plain(" ".join(sentence.striptags() for sentence in found.sentences))
    assert "the 95 % interval excludes zero (3 paired seeds)" in said
    assert [tile.label for tile in found.tiles][:2] == ["Delay saved", "Travel time saved"]


def test_headline_when_nothing_beats_the_baseline():
    found = headline(study_of({"fixed-time": [20.0, 20.0, 20.0], "slow": [23.0, 24.0, 23.0]}))
    assert found.title == "No policy beats fixed-time"
    said = plain(" ".join(sentence.striptags() for sentence in found.sentences))
    # the interval is given in the direction of the words
    assert re.search(r"slow, with 16\.7 % more \(95 % interval \S+ to \S+\) delay: a statistical difference", said)


def test_headline_does_not_claim_what_the_seeds_do_not_show():
    found = headline(study_of({"fixed-time": [20.0, 20.0, 20.0], "greedy": [30.0, 10.0, 12.0]}))
    assert found.title == "greedy has the least delay, but not provably less than fixed-time"
    assert found.tone == "warn"


def test_the_lead_over_the_runner_up_is_tested_too():
    found = headline(study_of({**THREE, "rival": [21.0, 21.5, 21.5]}))
    said = plain(" ".join(sentence.striptags() for sentence in found.sentences))
    assert "Against the runner-up rival" in said
    assert "not a statistical difference" in said


def test_ranking_with_failures_uses_pairs():
    # on its own seeds "lucky" has the lower mean, because it failed on the hard one
    delays = {"fixed-time": [20.0, 200.0], "lucky": [18.0, 1.0], "steady": [10.0, 100.0]}
    crash = RunResult(policy="lucky", seed=2, status="failed", error="crash")
    assert study_of(delays, failed=[crash]).ranking() == ["steady", "lucky", "fixed-time"]


def test_checks_report_what_should_not_happen():
    found = {check.title: check for check in checks(study_of(THREE, failed=[CRASH]))}
    assert found["1 of 9 runs did not finish"].state == "bad"
    assert found["Teleported vehicles"].state == "warn"
    assert found["Teleported vehicles"].detail.startswith("slow 1 a run")
    assert found["Collisions: none"].state == "ok"
    assert found["Vehicles that found no room to enter"].detail.startswith("greedy 1, fixed-time 1, slow 1 a run")
    assert found["Same vehicles for every policy"].state == "ok"


def test_uneven_demand_is_noticed():
    results, records = study({"fixed-time": [40.0], "greedy": [20.0]})
    counts = VehicleCounts(loaded=1, inserted=1, arrived=1)
    runs = [run if run.policy == "fixed-time" else run.model_copy(update={"vehicles": counts}) for run in results.runs]
    found = checks(Study.of(results.model_copy(update={"runs": runs}), records))
    assert "Policies loaded different numbers of vehicles" in [check.title for check in found]


def test_comparison_table_marks_the_best_and_the_worst_seed():
    table = {group.title: {row.label: row for row in group.rows} for group in comparison_table(study_of(THREE))}
    travel = table["Travel, mean [95 % interval]"]
    # columns run from the best policy to the worst
    assert [cell.value for cell in travel["Delay"].cells] == ["21.0", "42.0", "55.0"]
    assert [cell.mark for cell in travel["Delay"].cells] == ["best", "", ""]
    assert [cell.note for cell in travel["Delay, worst seed"].cells] == ["seed 2", "seed 3", "seed 2"]
    saved = table["Saved against fixed-time"]["Delay"]
    assert saved.cells[1].value == "baseline"
    assert saved.cells[0].note.endswith("better")
    assert saved.cells[2].note.endswith("worse")


def test_seed_table_pairs_runs():
    seeds = dict(seed_table(study_of(THREE, failed=[CRASH])))
    assert [cell.value for cell in seeds[1]] == ["20.0", "40.0", "50.0"]
    assert seeds[1][0].note == percent(50.0, signed=True)
    assert seeds[2][2].value == "failed"


def test_losses_add_up():
    found = study_of({"fixed-time": [36.0]})
    ((_, cells),) = losses_table(found, {"fixed-time": 720.0}, {"fixed-time": 1000.0})
    *parts, total = [float(cell) for cell in cells]
    assert total == pytest.approx(40 * 36.0 / 3600, abs=0.051)
    assert sum(parts) == pytest.approx(total, abs=0.1)


def test_every_loaded_vehicle_is_in_the_distribution():
    values = delays_s([record("fixed-time", 1, 30.0), record("fixed-time", 2, 50.0)])
    assert len(values) == 80
    assert values.mean() == pytest.approx(40.0)


def test_speeds_are_weighted_by_vehicles():
    speed = mean_edge_speed_kmh([record("a", 1, 1.0), record("a", 2, 1.0)])
    assert speed[0] == pytest.approx(12 * 3.6)
    assert np.isnan(speed[4])


def test_approaches_reach_upstream_to_the_next_signal_only():
    names = [piece[0] for piece in PIECES]
    owner = dict(zip(names, approach_of_edges(NETWORK), strict=True))
    assert owner == {"far": 0, "in-A": 0, "A-B": 1, "out": -1, "apart": -1}
    assert approach_of_edges(NETWORK, reach_m=50.0).tolist() == [-1, 0, 1, -1, -1]


def test_junction_changes_are_hours_on_the_approaches():
    pairs = [(record("greedy", 1, 18.0), record("fixed-time", 1, 36.0))]
    # 40 vehicles lose 36 s each: 0.4 h, of which 60 % on the way to A and 20 % on the way to B
    assert approach_hours(NETWORK, pairs[0][1].edge_delay_s) == pytest.approx([0.24, 0.08])
    changes = junction_changes(NETWORK, pairs)
    assert [change.id for change in changes] == ["A", "B"]
    assert changes[0].change_h == pytest.approx(-0.12)
    assert changes[0].change_pct == pytest.approx(-50.0)
    gained, lost = gained_and_lost(changes)
    assert ([change.id for change in gained], lost) == (["A", "B"], [])
    assert junction_changes(NETWORK, []) == []


def test_a_junction_without_a_name_takes_its_streets():
    assert [junction_name(NETWORK, i) for i in (0, 1)] == ["", "High Street"]


def test_explanations_take_any_shape():
    data = {
        "chosen": "b",
        "options": [{"chosen": "a", "cost_s": 3.0}, {"chosen": "b", "cost_s": None}],
        "counts": {"n": np.int64(3), "s": 1.5},
        "deep": {"x": [1, {"y": 2}]},
        "flag": True,
        "long": "x" * 1000,
    }
    found = explain(Event(time_s=BEGIN_S, kind="decision", junction_id="?", data=data), "p", 1, NETWORK)
    grids = {grid.title: grid for grid in found.grids}
    assert grids["options"].columns == ("chosen", "cost (s)")
    assert grids["options"].chosen == 1
    assert grids["counts"].rows == (("n", "3"), ("s", "1.50"))
    facts = dict(found.facts)
    assert facts["flag"] == "yes"
    assert len(facts["long"]) == 400
    assert '"y": 2' in facts["deep"]
    assert found.time == "01:00:00"


@pytest.mark.parametrize(
    ("key", "words"),
    [("predicted_cost_s", "predicted cost (s)"), ("queue_veh", "queue (veh)"), ("s", "s"), ("a_b", "a b")],
)
def test_field_names_in_words(key, words):
    assert label(key) == words


def test_values_as_text():
    assert text([1, 2.5, "x"]) == "1, 2.50, x"
    assert text(12.0) == "12"
    assert text(None) == "\N{EN DASH}"


def test_numbers():
    thin, minus = "\N{NARROW NO-BREAK SPACE}", "\N{MINUS SIGN}"
    assert number(1234.56) == f"1{thin}235"
    assert number(-0.04) == "0.0"
    assert number(-3.25, 2) == f"{minus}3.25"
    assert number(float("nan")) == number(None) == "\N{EN DASH}"
    assert count(3.0) == "3"
    assert count(3.25) == "3.2"
    assert percent(5.0, signed=True) == f"+5.0{thin}%"
    assert interval((1.0, 2.0)) == "1.0 to 2.0"
    assert interval((2.0, 2.0)) == ""
    assert saving_interval((-5.0, 140.0)) == f"{minus}5.0 to 100.0"
    assert saving_interval((-5.0, 2.0), flipped=True) == f"{minus}2.0 to 5.0"
    assert positive_interval((-5.0, 2.0)) == "0.0 to 2.0"


def test_every_colour_of_the_plots_has_a_dark_twin():
    for colour in (*POLICY_COLOURS, *DELAY_COLOURS, *CHANGE_COLOURS, *SPEED_COLOURS):
        assert colour in DARK_TWINS
    assert (
        themed(f"fill: {DELAY_COLOURS[0]}; stroke: #123456") == f"fill: var(--c{DELAY_COLOURS[0][1:]}); stroke: #123456"
    )


def test_figures_are_the_same_every_time():
    svg = [inline_svg(plot_seeds({"a": [1.0, 2.0]}), name="x", alternative='a "b" \\1') for _ in range(2)]
    assert svg[0] == svg[1]
    assert svg[0].startswith('<svg role="img" aria-label="a &#34;b&#34; \\1" viewBox="0 0 ')


def test_own_style_overrides_and_restores_the_users():
    import matplotlib as mpl

    with mpl.rc_context({"axes.facecolor": "hotpink"}):
        with own_style():
            assert mpl.rcParams["axes.facecolor"] == "white"
        assert mpl.rcParams["axes.facecolor"] == "hotpink"
