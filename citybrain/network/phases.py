"""What the phases of a signal program mean: which are stages, and which of their lamps conflict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import GREEN, Stage

Table = NDArray[np.bool_]


def is_stage(state: str) -> bool:
    """Return whether a phase gives green and is not on its way to another one."""
    return bool(set(state) & GREEN) and not set(state) & set("yYu")


def conflict_tables(lamps: Sequence[tuple[int, tuple[Any, int]]], n_links: int) -> tuple[Table, Table]:
    """Return which links cross or merge, and which gives way to which, each of shape (n_links, n_links).

    Parameters
    ----------
    lamps : sequence of (link, (node, row))
        The node whose right-of-way table rules a link, and its row there; -1 where it has none.
    """
    conflicts = np.zeros((n_links, n_links), dtype=np.bool_)
    gives_way = np.zeros((n_links, n_links), dtype=np.bool_)
    for a, (node_a, row_a) in lamps:
        for b, (node_b, row_b) in lamps:
            if a == b or node_a is not node_b or row_a < 0 or row_b < 0:
                continue
            if _bit(node_a._foes, row_a, row_b):  # noqa: SLF001 - sumolib has no other way
                conflicts[a, b] = conflicts[b, a] = True
            if _bit(node_a._prohibits, row_a, row_b):  # noqa: SLF001
                gives_way[a, b] = True
    return conflicts, gives_way


def program_stages(
    junction_id: str, states: Iterable[str], conflicts: Table, gives_way: Table
) -> tuple[tuple[Stage, ...], list[str]]:
    """Return the distinct green phases of a program, and what had to be mended, one line each.

    Of two conflicting protected greens the one that gives way becomes permissive.
    """
    kept: list[str] = []
    warnings: list[str] = []
    for state in filter(is_stage, states):
        safe = _demoted(junction_id, state, conflicts, gives_way, warnings)
        if safe not in kept:
            kept.append(safe)
    return tuple(Stage(index=i, state=s) for i, s in enumerate(kept)), warnings


def _demoted(junction_id: str, state: str, conflicts: Table, gives_way: Table, warnings: list[str]) -> str:
    lamps = list(state)
    for i, j in np.argwhere(np.triu(conflicts)):
        if lamps[i] == "G" and lamps[j] == "G":
            minor = i if gives_way[i, j] or not gives_way[j, i] else j
            lamps[minor] = "g"
            warnings.append(
                f"junction {junction_id}: links {i} and {j} conflict and are both 'G' in {state}; "
                f"link {minor} is taken as permissive"
            )
    return "".join(lamps)


def _bit(table: dict[int, str], row: int, column: int) -> bool:
    """SUMO writes right-of-way rows with the highest index first."""
    bits = table.get(row, "")
    return column < len(bits) and bits[len(bits) - column - 1] == "1"
