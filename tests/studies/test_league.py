from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from citybrain.cli import app
from citybrain.errors import InputError
from citybrain.studies.grid import StudyRun
from citybrain.studies.league import league, scores
from citybrain.studies.report import tables, write_report
from citybrain.studies.store import Kept
from citybrain.studies.table import results_table, write_table


def table_of(levels, *, seeds=5, cells=("a",), spread=0.02, failed=()):
    """A study's table: by policy its mean delay, seeds paired and a little noise of its own."""
    runs, kept = [], {}
    for cell in cells:
        for seed in range(1, seeds + 1):
            rng = np.random.default_rng([seed, len(cell)])
            common = rng.normal(0, 0.3)
            for policy, level in levels.items():
                run = StudyRun(
                    scenario=cell, location=cell, digest="d", policy=policy, parameters={}, sensors="perfect", seed=seed,
                    software="s",
                )  # fmt: skip
                bad = (policy, seed) in failed
                measures = {} if bad else {"mean_delay_s": level * np.exp(common + rng.normal(0, spread))}
                kept[run.key] = Kept(
                    status="failed" if bad else "ok", error="it broke" if bad else None, measures=measures, timings={},
                    finished="", host="",
                )  # fmt: skip
                runs.append(run)
    return results_table(runs, kept)


def league_of(*arguments, baseline="plan", **options):
    return league(scores(table_of(*arguments, **options).to_pylist(), "mean_delay_s"), baseline=baseline)


def verdicts(found):
    return {row.policy: (row.rank, row.verdict) for row in found.standings}


def test_ranks_and_verdicts():
    found = league_of({"plan": 50.0, "good": 30.0, "twin": 50.0, "bad": 80.0})
    assert verdicts(found) == {
        "good": (1, "better"), "plan": (2, "baseline"), "twin": (2, "no difference"), "bad": (4, "worse"),
    }  # fmt: skip
    assert [row.policy for row in found.standings] == ["good", "twin", "plan", "bad"] or [
        row.policy for row in found.standings
    ] == ["good", "plan", "twin", "bad"]
    ratio = {row.policy: row.against.ratio for row in found.standings if row.against}
    assert ratio["good"] == pytest.approx(0.6, rel=0.03)


def test_no_difference_says_how_many_seeds_it_would_take():
    found = league_of({"plan": 50.0, "other": 49.8}, seeds=3)
    assert verdicts(found) == {"other": (1, "no difference"), "plan": (1, "baseline")}
    assert found.warning.startswith("too few seeds to claim a difference for other")
    assert found.standings[0].seeds_needed > 3


@pytest.mark.parametrize("seeds", [1, 2])
def test_two_seeds_claim_nothing(seeds):
    found = league_of({"plan": 50.0, "good": 10.0}, seeds=seeds)
    assert verdicts(found) == {"good": (1, "too few seeds"), "plan": (1, "baseline")}


def test_scenarios_weigh_the_same_and_add_up():
    cells = ("a", "bb", "ccc")
    found = league_of({"plan": 50.0, "good": 40.0}, cells=cells)
    assert found.standings[0].against.pairs == 15
    assert found.standings[0].against.ratio == pytest.approx(0.8, rel=0.02)
    found = tables(table_of({"plan": 50.0, "good": 40.0}, cells=cells).to_pylist(), baseline="plan")
    assert len(found.cells) == 3
    assert found.overall.cells == (("a", 1.0, "perfect"), ("bb", 1.0, "perfect"), ("ccc", 1.0, "perfect"))


def test_failed_runs_are_left_out_of_pairs_and_counted():
    rows = table_of({"plan": 50.0, "good": 30.0}, cells=("a", "bb"), failed={("good", 2)}).to_pylist()
    found = tables(rows, baseline="plan")
    assert found.overall.standings[0].against.pairs == 8
    assert found.overall.standings[0].failed == 2


def test_bad_input():
    rows = table_of({"plan": 50.0}).to_pylist()
    with pytest.raises(InputError, match="no finished run measured 'co2_kg'"):
        scores(rows, "co2_kg")
    with pytest.raises(InputError, match="did you mean 'mean_delay_s'"):
        scores(rows, "mean_delay")
    with pytest.raises(InputError, match="no run of the baseline 'plam'"):
        tables(rows, baseline="plam")


def test_the_page_says_it_too(tmp_path):
    table = table_of({"plan": 50.0, "good": 30.0, "same": 50.2}, failed={("good", 1)})
    write_report(tmp_path / "report.html", "s", table, baseline="plan", planned=15)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words in ("better", "no difference", "it broke", "15 of 15 runs finished, 1 failed", "Careful"):
        assert words in page
    write_report(tmp_path / "none.html", "s", table.slice(0, 0), baseline="plan", planned=15)
    assert "Nothing can be compared" in (tmp_path / "none.html").read_text(encoding="utf-8")


def test_the_command(tmp_path):
    write_table(tmp_path / "results.parquet", table_of({"fixed-time": 50.0, "good": 30.0}, cells=("a", "bb")))
    done = CliRunner().invoke(app, ["league", str(tmp_path)], env={"COLUMNS": "120"})
    assert done.exit_code == 0, done.output
    assert "better" in done.output
    assert "all 2 together" in done.output


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no table of a study"),
        (lambda path: path.write_text("x"), "not a Parquet file"),
    ],
)
def test_bad_tables(tmp_path, make, words):
    make(tmp_path / "results.parquet")
    done = CliRunner().invoke(app, ["league", str(tmp_path)])
    assert isinstance(done.exception, InputError)
    assert words in str(done.exception)
