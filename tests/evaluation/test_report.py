"""The page as a reader gets it: complete, self-contained, and true to the results."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from report_samples import CRASH, NETWORK, THREE, plain, study

from citybrain.evaluation.report import write_report
from citybrain.evaluation.report.numbers import number, percent
from citybrain.evaluation.results import RunResult


class Page(HTMLParser):
    """Tags that are open, text that is seen, and every address."""

    VOID = frozenset({"meta", "br", "input", "path", "use", "link", "img", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.identifiers: list[str] = []
        self.svg = 0
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.svg += tag == "svg"
        for name, value in attrs:
            if name in {"src", "href", "xlink:href", "action", "data"}:
                self.addresses.append(value)
            if name == "id":
                self.identifiers.append(value)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style", "script"}:
            self.words.append(data)

    @property
    def seen(self) -> str:
        return plain(" ".join(self.words))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The page of three policies on three seeds, one run of which failed."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    results, records = study(THREE, failed=[CRASH], explained="greedy")
    write_report(path, results, records, NETWORK)
    return path.read_text(encoding="utf-8"), results


def page_of(tmp_path, delays, **options):
    results, records = study(delays, **options)
    path = tmp_path / "report.html"
    write_report(path, results, records, NETWORK)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    page = Page(path.read_text(encoding="utf-8"))
    assert page.open == []
    return page


def test_the_page_needs_nothing_from_outside(written):
    html, _ = written
    page = Page(html)
    assert page.open == []
    assert all(address.startswith("#") for address in page.addresses)
    assert {address[1:] for address in page.addresses} <= set(page.identifiers)
    assert "@import" not in html
    assert "http:" not in html
    assert "https:" not in html


def test_identifiers_of_the_figures_do_not_clash(written):
    identifiers = Page(written[0]).identifiers
    assert len(identifiers) == len(set(identifiers))


def test_all_figures_are_embedded(written):
    page = Page(written[0])
    # 2 savings, 3 maps of delay, 2 of change, 3 of speed, distribution, seeds, 3 series
    assert page.svg == 2 + 3 + 2 + 3 + 2 + 3


def test_policies_and_their_numbers_equal_the_results(written):
    html, results = written
    seen = Page(html).seen
    for policy, metrics in results.policies.items():
        assert policy in seen
        for key, decimals in (("mean_delay_s", 1), ("mean_travel_time_s", 1), ("stops_per_vehicle", 2)):
            assert plain(number(metrics[key].mean, decimals)) in seen
    for row in results.comparison:
        assert plain(percent(row.delay_saved_pct, signed=True)) in seen
        assert plain(percent(row.travel_time_saved_pct, signed=True)) in seen


def test_a_failed_run_is_shown_with_its_error_escaped(written):
    html, _ = written
    assert "SUMO died: &lt;b&gt;signal 11&lt;/b&gt; &amp; more" in html
    assert "<b>signal" not in html
    assert "1 of 9 runs did not finish" in Page(html).seen
    assert "street &lt;1&gt;" in html


def test_method_and_provenance(written):
    seen = Page(written[0]).seen
    for words in (
        "timeLoss", "departDelay", "all loaded vehicles", "citybrain evaluate street.sumocfg --seeds 3", "1.28.0",
        "2026-01-02", "yellow of 3 s & no all-red", "street.net.xml", "01:00:00 to 02:00:00", "one <phase> mended",
    ):  # fmt: skip
        assert words in seen


def test_decisions_are_laid_out(written):
    html, _ = written
    assert "&lt;queue&gt; &amp; platoon" in html
    assert re.search(r'<tr class="chosen"><td>1</td><td>48.5</td>', html)
    assert "predicted cost (s)" in html


def test_dark_and_print_have_their_styles(written):
    html, _ = written
    assert "@media screen and (prefers-color-scheme: dark)" in html
    assert "@media print" in html
    body = html.split("</style>")[-1]
    # every colour of a figure follows the theme
    assert not re.search(r"#[0-9a-f]{6}\b", body)


def test_one_policy_one_seed(tmp_path):
    page = page_of(tmp_path, {"fixed-time": [40.0]})
    assert "fixed-time alone was run" in page.seen
    assert "40.0" in page.seen
    assert "nan" not in page.seen.lower().split()


def test_one_seed_proves_nothing(tmp_path):
    page = page_of(tmp_path, {"fixed-time": [40.0], "greedy": [20.0]})
    assert "on too few seeds to be sure" in page.seen
    assert "1 seed: no interval" in page.seen


def test_all_failed(tmp_path):
    failed = [
        RunResult(policy=policy, seed=1, status="failed", error="no license plate")
        for policy in ("fixed-time", "greedy")
    ]
    page = page_of(tmp_path, {"fixed-time": [40.0], "greedy": [20.0]}, failed=failed)
    assert "No run finished" in page.seen
    assert "no license plate" in page.seen
    assert page.svg == 0


def test_baseline_failed(tmp_path):
    failed = [RunResult(policy="fixed-time", seed=1, status="failed", error=None)]
    page = page_of(tmp_path, {"fixed-time": [40.0], "greedy": [20.0]}, failed=failed)
    assert "there is no baseline" in page.seen
    assert "no error was recorded" in page.seen


def test_interrupted(tmp_path):
    cut = [RunResult(policy="fixed-time", seed=1, status="failed", error="interrupted")]
    page = page_of(tmp_path, {"fixed-time": [40.0]}, failed=cut, interrupted=True)
    assert "Interrupted." in page.seen


def test_names_that_html_and_mathtext_would_take_for_markup(tmp_path):
    page = page_of(tmp_path, {"<i>$x$_1.23456": [20.0]}, baseline="<i>$x$_1.23456")
    assert "<i>$x$_1.23456" in page.seen
