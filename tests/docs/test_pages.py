"""What the generated pages of the documentation hold."""

from __future__ import annotations

import sys

import pytest
from blocks import ROOT

from citybrain.signals.policy import BUILT_IN

sys.path.insert(0, str(ROOT / "scripts" / "site"))

import bad_input_page
import commands_page
import parameters_page
import reference_pages

CLASSES = {
    **parameters_page.CLASSES,
    **{name: entry.target for name, entry in BUILT_IN.items() if name not in ("fixed-time", "retimed", "adaptive")},
}


@pytest.mark.parametrize("title", CLASSES)
def test_every_parameter_has_a_default_and_a_meaning(title):
    rows = parameters_page.rows(parameters_page.load(CLASSES[title]))
    assert rows
    for name, default, meaning in rows:
        assert default, name
        assert meaning, f"{title}: the docstring does not say what {name} is"


def test_every_command_is_on_the_page_of_commands():
    page = commands_page.markdown()
    for name in (
        "evaluate",
        "retime",
        "emergency",
        "incidents",
        "sweep",
        "league",
        "network build",
        "exchange gmns",
        "new policy",
    ):
        assert f"## citybrain {name}\n" in page
    assert "| `--seeds` | How many seeds (5), or which (1,2,3). | `3` |" in page


def test_every_module_is_in_the_reference_once():
    named = [
        line.removeprefix("::: ")
        for _, text in reference_pages.pages()
        for line in text.splitlines()
        if line.startswith(":::")
    ]
    assert len(named) == len(set(named))
    package = reference_pages.PACKAGE
    modules = {reference_pages.name(file) for file in package.rglob("*.py") if file.parent != package}
    assert len(modules) > 200
    assert modules <= set(named)


def test_every_bad_input_is_on_its_page():
    page = bad_input_page.markdown()
    assert "| `citybrain evaluate tiny.sumocfg --jobs 0` |" in page
    assert page.count("| `citybrain ") >= 100


def test_every_built_in_policy_has_a_page():
    for name in BUILT_IN:
        page = {"adaptive": "adaptive.md", "retimed": "retiming.md"}.get(name, f"policies/{name}.md")
        assert (ROOT / "docs" / page).is_file()
