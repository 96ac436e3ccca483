"""What goes into a calibration and what comes out: tables checked against the scenario, a demand SUMO loads."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path

from lxml import etree

from citybrain.demand.calibration import Calibrated
from citybrain.demand.calibration_report import report
from citybrain.demand.counts import Count, read_counts
from citybrain.demand.driven import write_drives
from citybrain.demand.scenario import Scenario
from citybrain.demand.speeds import Speed, read_speeds
from citybrain.demand.validate import all_edge_ids
from citybrain.errors import InputError, nearest_hint

ROUTES, CONFIG, REPORT = "routes.rou.xml.gz", "calibrated.sumocfg", "calibration.json"


def read_targets(
    scenario: Scenario, counts_file: Path | None, speeds_file: Path | None
) -> tuple[list[Count], list[Speed]]:
    """Read the tables and check that the scenario can meet them.

    Raises
    ------
    InputError
        Naming the file, the edge, what it says and what the scenario has.
    """
    if counts_file is None and speeds_file is None:
        raise InputError("nothing to calibrate to: give --counts FILE, --speeds FILE or both")
    counts = read_counts(counts_file) if counts_file is not None else []
    speeds = read_speeds(speeds_file) if speeds_file is not None else []
    edges = all_edge_ids(scenario.net_file)
    for path, targets in ((counts_file, counts), (speeds_file, speeds)):
        if path is not None:
            _check(path, targets, scenario, edges)
    return counts, speeds


def _check(path: Path, targets: list[Count] | list[Speed], scenario: Scenario, edges: frozenset[str]) -> None:
    if not targets:
        raise InputError(f"{path}: has 0 rows below its heading, needed 1 or more")
    first_s = scenario.begin_s - scenario.warmup_s
    seen: set[tuple[str, float, float]] = set()
    for target in targets:
        key = target.edge, target.begin_s, target.end_s
        if target.edge not in edges:
            raise InputError(
                f"{path}: edge {target.edge!r} is not among the {len(edges)} edges of {scenario.net_file.name}"
                f"{nearest_hint(target.edge, edges)}"
            )
        if not first_s <= target.begin_s < target.end_s <= scenario.end_s:
            raise InputError(
                f"{path}: edge {target.edge!r} is measured from {target.begin_s:g} s to {target.end_s:g} s, the "
                f"scenario runs from {first_s:g} s to {scenario.end_s:g} s; leave the row out or set --begin and --end"
            )
        if key in seen:
            raise InputError(
                f"{path}: edge {target.edge!r} stands twice for {target.begin_s:g} s to {target.end_s:g} s; keep one"
            )
        seen.add(key)


def check_out_folder(out: Path, *, force: bool) -> None:
    """Refuse a folder that holds a calibration already, or is none.

    Raises
    ------
    InputError
        Saying what is there and how to replace it.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: is a file, needed a folder")
    if (out / REPORT).exists() and not force:
        raise InputError(f"--out {out}: holds a calibration already; give another folder, or --force to replace it")


def write_calibration(scenario: Scenario, done: Calibrated, out: Path, *, seed: int) -> None:
    """Write the demand, a configuration that runs it, and the report."""
    out.mkdir(parents=True, exist_ok=True)
    write_drives(done.drives, out / ROUTES, others=done.others)
    _write_config(scenario, out)
    facts = {
        "scenario": scenario.name, "sumo_version": version("eclipse-sumo"), "seed": seed,
        "begin_s": scenario.begin_s - scenario.warmup_s, "end_s": scenario.end_s,
    }  # fmt: skip
    text = json.dumps(report(done.fits, done.best, **facts), indent=1, ensure_ascii=False)
    (out / REPORT).write_text(f"{text}\n", encoding="utf-8")


def _write_config(scenario: Scenario, out: Path) -> None:
    root = etree.Element("configuration")
    additional = ",".join(_from(out, path) for path in scenario.additional_files)
    options = {
        "net-file": _from(out, scenario.net_file),
        "route-files": ROUTES,
        **({"additional-files": additional} if additional else {}),
        "begin": f"{scenario.begin_s - scenario.warmup_s:g}",
        "end": f"{scenario.end_s:g}",
        "step-length": f"{scenario.step_s:g}",
        **scenario.options,
    }
    for name, value in options.items():
        if value != "":
            etree.SubElement(root, name, value=value)
    etree.ElementTree(root).write(str(out / CONFIG), pretty_print=True, xml_declaration=True, encoding="utf-8")


def _from(out: Path, path: Path) -> str:
    """Path as SUMO resolves it, from the folder of the configuration."""
    return os.path.relpath(path.resolve(), out.resolve())
