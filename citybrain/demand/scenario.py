"""A scenario: what SUMO needs to run, and the rules that hold while it does.

``SCENARIO`` on the command line is a name (``kuala-lumpur:pm-peak``,
``resco:cologne1``) or a path to any ``.sumocfg``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from citybrain.errors import InputError, nearest_hint
from citybrain.network.intergreens import SignalRules

_SHORT = {
    "n": "net-file", "net": "net-file", "r": "route-files", "routes": "route-files", "a": "additional-files",
    "additional": "additional-files", "b": "begin", "e": "end", "x": "prefix",
}  # fmt: skip
_DROPPED = {
    "seed", "random", "remote-port", "num-clients", "gui-settings-file", "start", "quit-on-end", "output-prefix",
    "log", "message-log", "error-log", "verbose", "save-state.times", "save-state.files", "save-state.prefix",
    "save-state.period", "no-step-log", "duration-log.statistics", "begin", "end", "step-length",
}  # fmt: skip
SUMO_DEFAULT_END_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything that a run needs apart from the policy and the seed.

    Attributes
    ----------
    options : mapping
        SUMO options with absolute paths; no outputs, no seed, no times.
    begin_s, end_s : float
        The measured window.
    warmup_s : float
        How long before ``begin_s`` the shared warm state starts.
    intervals_s : mapping
        Decision intervals that the scenario's benchmark sets, by policy name.
    notes : tuple of str
        Deviations and assumptions, printed in the report.
    """

    name: str
    net_file: Path
    route_files: tuple[Path, ...]
    additional_files: tuple[Path, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    begin_s: float
    end_s: float
    step_s: float = 1.0
    warmup_s: float = 0.0
    rules: SignalRules = field(default_factory=SignalRules)
    intervals_s: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def open_scenario(spec: str, *, begin_s: float | None = None, end_s: float | None = None) -> Scenario:
    """Find a scenario by name or path and set its window.

    Raises
    ------
    InputError
        If the name is unknown, a file is missing or broken, or the window is empty.
    """
    family, _, variant = spec.partition(":")
    if spec.endswith((".sumocfg", ".xml", ".cfg")) or "/" in spec:
        scenario = read_sumocfg(Path(spec))
    elif family == "resco":
        from citybrain.demand.resco import resco_scenario

        scenario = resco_scenario(variant)
    else:
        from citybrain.demand.named import city_scenario

        scenario = city_scenario(family, variant)
    return _with_window(scenario, begin_s, end_s)


def _with_window(scenario: Scenario, begin_s: float | None, end_s: float | None) -> Scenario:
    from dataclasses import replace

    begin = scenario.begin_s if begin_s is None else begin_s
    end = scenario.end_s if end_s is None else end_s
    if not (0 <= begin < math.inf and -math.inf < end < math.inf):
        raise InputError(f"{scenario.name}: the window (begin {begin:g} s, end {end:g} s) needs times of 0 s or more")
    if not begin < end:
        raise InputError(
            f"{scenario.name}: the window is empty (begin {begin:g} s, end {end:g} s); give --end > --begin"
        )
    return replace(scenario, begin_s=begin, end_s=end)


def read_sumocfg(path: Path) -> Scenario:
    """Read a ``.sumocfg``, leaving its outputs out: a run writes only where it is told to."""
    if not path.is_file():
        raise InputError(f"{path}: no such scenario; give a .sumocfg file or a name such as 'kuala-lumpur'")
    try:
        root = etree.parse(str(path)).getroot()
    except (etree.XMLSyntaxError, OSError) as error:
        raise InputError(f"{path}: broken XML ({' '.join(str(error).split())})") from None
    options: dict[str, str] = {}
    times: dict[str, str] = {}
    for element in root.iter():
        value = element.get("value") or element.get("v") if isinstance(element.tag, str) else None
        if value is None:
            continue
        name = _SHORT.get(element.tag, element.tag)
        if name in ("begin", "end", "step-length"):
            times[name] = value
        if name in _DROPPED or name.endswith(("-output", "-output.file")) or "-output." in name:
            continue
        if name.endswith(("-file", "-files")):
            value = ",".join(str((path.parent / part.strip()).resolve()) for part in value.split(","))
        options[name] = value
    if "net-file" not in options:
        raise InputError(f"{path}: names no net-file (0 found, 1 needed); is it a .sumocfg?")
    step_s = _seconds(path, "step-length", times.get("step-length", "1"))
    if not step_s > 0:
        raise InputError(f"{path}: step-length is {step_s:g} s, it must be more than 0")
    return Scenario(
        name=str(path),
        net_file=Path(options.pop("net-file")),
        route_files=_paths(options.pop("route-files", "")),
        additional_files=_paths(options.pop("additional-files", "")),
        options=options,
        begin_s=_seconds(path, "begin", times.get("begin", "0")),
        end_s=_seconds(path, "end", times.get("end", str(SUMO_DEFAULT_END_S))),
        step_s=step_s,
    )


def _paths(value: str) -> tuple[Path, ...]:
    return tuple(Path(part) for part in value.split(",") if part)


def _seconds(path: Path, name: str, text: str) -> float:
    """Read a SUMO time: seconds, or ``[days:]hours:minutes:seconds``."""
    try:
        total = 0.0
        parts = text.split(":")
        for factor, part in zip((1, 60, 3600, 86400), reversed(parts), strict=False):
            total += factor * float(part)
    except ValueError:
        raise InputError(f"{path}: {name} is {text!r}, not a time in seconds") from None
    # SUMO writes "no end" as -1
    return SUMO_DEFAULT_END_S if name == "end" and total < 0 else total


def unknown_scenario(name: str, known: tuple[str, ...]) -> InputError:
    """Make the error for a name that is neither a scenario nor a file."""
    return InputError(f"unknown scenario {name!r}{nearest_hint(name, known)}")
