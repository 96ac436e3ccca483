"""Why this stage? The policies' own explanations, laid out without knowing their fields."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from citybrain.evaluation.report.aggregate import Study
from citybrain.evaluation.report.junctions import junction_name
from citybrain.evaluation.report.numbers import clock_time, number
from citybrain.messages import Event
from citybrain.network.model import Network

_UNITS = {
    "s": "s", "ms": "ms", "m": "m", "km": "km", "mps": "m/s", "kmh": "km/h", "pct": "%", "veh": "veh",
    "vph": "veh/h", "h": "h",
}  # fmt: skip
_PER_POLICY = 6
_LONGEST_TEXT = 400
_OPTION = "option"
_CHOICES = ("chosen", "stage", "choice", "decision", "to")


@dataclass(frozen=True, slots=True)
class Grid:
    """A list of alternatives as a table; ``chosen`` is the row that was taken, or -1."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    chosen: int = -1


@dataclass(frozen=True, slots=True)
class Explanation:
    """One decision: where, when, facts, tables."""

    policy: str
    seed: int
    time: str
    junction_id: str
    junction_name: str
    facts: tuple[tuple[str, str], ...]
    grids: tuple[Grid, ...]


def explanations(study: Study, network: Network, busiest: Sequence[int]) -> list[Explanation]:
    """Return a few decisions of each policy that gave reasons, at the junctions that matter most.

    Parameters
    ----------
    busiest : sequence of int
        Junction indices, those to show first in front.
    """
    rank = {network.junctions[index].id: i for i, index in enumerate(busiest)}
    found = []
    for policy in study.policies:
        record = next((r for r in study.records_of(policy) if r.decisions), None)
        if record is None:
            continue
        # one decision a junction, the latest, before a second of the same
        latest = {event.junction_id: event for event in sorted(record.decisions, key=lambda e: e.time_s)}
        chosen = sorted(latest.values(), key=lambda e: rank.get(e.junction_id, len(rank)))[:_PER_POLICY]
        found += [explain(event, policy, record.result.seed, network) for event in chosen]
    return found


def explain(event: Event, policy: str, seed: int, network: Network) -> Explanation:
    """Lay out one event: plain values as facts, lists and tables of alternatives as grids."""
    facts: list[tuple[str, str]] = []
    grids: list[Grid] = []
    data = {str(key): _plain(value) for key, value in event.data.items()}
    choice = next((data[key] for key in _CHOICES if isinstance(data.get(key), (int, str))), None)
    for key, value in data.items():
        grid = _grid(key, value, choice)
        if grid is not None:
            grids.append(grid)
        else:
            facts.append((label(key), text(value)))
    index = network.junction_index(event.junction_id)
    name = junction_name(network, index) if index >= 0 else ""
    return Explanation(policy, seed, clock_time(event.time_s), event.junction_id, name, tuple(facts), tuple(grids))


def _grid(key: str, value: Any, choice: Any) -> Grid | None:
    """Return a table for a list of mappings, or a mapping of numbers or mappings; else None."""
    if isinstance(value, Mapping) and value:
        if all(isinstance(item, Mapping) for item in value.values()):
            rows = [{_OPTION: name, **item} for name, item in value.items()]
            return _table(label(key), rows, list(value), choice)
        if all(_is_scalar(item) for item in value.values()):
            rows = [{_OPTION: name, "value": item} for name, item in value.items()]
            return _table(label(key), rows, list(value), choice)
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        keys = [next((row[k] for k in _CHOICES if k in row), None) for row in value]
        return _table(label(key), value, keys, choice)
    return None


def _table(title: str, rows: Sequence[Mapping[str, Any]], keys: Sequence[Any], choice: Any) -> Grid:
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    cells = tuple(tuple(text(row.get(name)) for name in names) for row in rows)
    chosen = next((i for i, key in enumerate(keys) if choice is not None and str(key) == str(choice)), -1)
    return Grid(title, tuple(label(name) for name in names), cells, chosen)


def label(key: str) -> str:
    """Return a field's name in words, its unit in brackets: ``predicted_cost_s`` is ``predicted cost (s)``."""
    head, _, unit = key.rpartition("_")
    if head and unit in _UNITS:
        return f"{head.replace('_', ' ')} ({_UNITS[unit]})"
    return key.replace("_", " ")


def text(value: Any) -> str:
    """Return any value as short text."""
    if value is None:
        return number(None)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(value, 0)
    if isinstance(value, float):
        return number(value, 0 if value.is_integer() else 2 if abs(value) < 10 else 1)
    if isinstance(value, str):
        written = value
    elif isinstance(value, list) and all(_is_scalar(item) for item in value):
        written = ", ".join(text(item) for item in value)
    else:
        written = json.dumps(value, ensure_ascii=False, default=str)
    return written if len(written) <= _LONGEST_TEXT else written[: _LONGEST_TEXT - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def _plain(value: Any) -> Any:
    """Turn arrays, tuples and numpy numbers into plain Python, all the way down."""
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return value
