"""Plans as files: SUMO's additional file, and TOML that an engineer reads."""

from __future__ import annotations

import itertools
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from xml.sax.saxutils import quoteattr

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from citybrain.errors import InputError
from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.model import Junction, Network
from citybrain.signals.plan import Plan

PROGRAM_ID = "retimed"
RowT = TypeVar("RowT", bound=BaseModel)


class StoredPeriod(BaseModel):
    """When the plans of a period begin, as it is written down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    begin_s: float = Field(ge=0)


class StoredPlan(BaseModel):
    """One junction's plan in one period, as it is written down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    junction: str
    period: str
    cycle_s: float = Field(gt=0)
    offset_s: float = Field(ge=0)
    stages: tuple[int, ...] = Field(min_length=1)
    greens_s: tuple[float, ...] = Field(min_length=1)

    def plan(self) -> Plan:
        """Return the plan without its period."""
        return Plan(junction_id=self.junction, stages=self.stages, greens_s=self.greens_s, offset_s=self.offset_s)


def sumo_text(network: Network, rules: SignalRules, plans: Mapping[str, Plan], *, program_id: str = PROGRAM_ID) -> str:
    """Return an additional file with the programs of all plans; raises InputError where one is not legal."""
    body = [plan.to_sumo(network, rules, program_id=program_id) for _, plan in sorted(plans.items())]
    return "\n".join(["<additional>", *body, "</additional>", ""])


def toml_text(
    network: Network,
    rules: SignalRules,
    periods: Mapping[str, Mapping[str, Plan]],
    *,
    source: str,
    begins_s: Mapping[str, float] | None = None,
) -> str:
    """Return the plans of every period as TOML, with names and intergreens in comments for whoever types them in."""
    lines = [
        f"# Plans for {source}. Offset: when the first stage turns green after the clock's zero, seconds.",
        "# A cycle is the greens and the intergreens between them.",
    ]
    for name, begin_s in (begins_s or {}).items():
        lines += ["", "[[period]]", f"name = {json.dumps(name)}", f"begin_s = {begin_s:g}"]
    for period, plans in periods.items():
        for junction_id, plan in sorted(plans.items()):
            junction = network.junctions[network.junction_index(junction_id)]
            table = Intergreens(network, junction, rules)
            following = (*plan.stages[1:], *plan.stages[:1])
            between = [table.length_s(a, b) if a != b else 0.0 for a, b in zip(plan.stages, following, strict=True)]
            lines += [
                "",
                "[[plan]]",
                f"junction = {json.dumps(junction_id)}" + (f"  # {junction.name}" if junction.name else ""),
                f"period = {json.dumps(period)}",
                f"cycle_s = {plan.cycle_s(network, rules):g}",
                f"offset_s = {plan.offset_s:g}",
                f"stages = [{', '.join(map(str, plan.stages))}]  # " + ", ".join(_lamps(junction, plan)),
                f"greens_s = [{', '.join(f'{g:g}' for g in plan.greens_s)}]",
                f"# intergreens_s: {', '.join(f'{s:g}' for s in between)}",
            ]
    return "\n".join([*lines, ""])


def _lamps(junction: Junction, plan: Plan) -> list[str]:
    return [junction.stages[s].state for s in plan.stages]


def read_plans(path: Path, network: Network, rules: SignalRules) -> dict[str, dict[str, Plan]]:
    """Read and check a file of plans: ``{period: {junction: plan}}``.

    Raises
    ------
    InputError
        With the file, the junction, both values and what is wrong.
    """
    stored = _rows(path, "plan", StoredPlan)
    if not stored:
        raise InputError(f"{path}: holds 0 plans, needs one [[plan]] at least")
    periods: dict[str, dict[str, Plan]] = {}
    for row in stored:
        plan = row.plan()
        problems = plan.problems(network, rules)
        if problems:
            raise InputError(f"{path}: {problems[0]}")
        cycle_s = plan.cycle_s(network, rules)
        if abs(cycle_s - row.cycle_s) > 0.05:
            raise InputError(
                f"{path}: junction {row.junction}: cycle_s is {row.cycle_s:g}, but greens and intergreens "
                f"sum to {cycle_s:g}; correct one of them"
            )
        if row.offset_s >= cycle_s:
            raise InputError(
                f"{path}: junction {row.junction}: offset_s {row.offset_s:g} is not below cycle {cycle_s:g}"
            )
        if row.junction in periods.setdefault(row.period, {}):
            raise InputError(f"{path}: junction {row.junction} has two plans for period {row.period!r}; remove one")
        periods[row.period][row.junction] = plan
    return periods


def read_begins(path: Path) -> dict[str, float]:
    """Read when each period of a file of plans begins, seconds after midnight; in the order of the day.

    Raises
    ------
    InputError
        With the file and what is wrong, or where two periods begin at once.
    """
    rows = sorted(_rows(path, "period", StoredPeriod), key=lambda row: row.begin_s)
    for before, after in itertools.pairwise(rows):
        if before.begin_s == after.begin_s or before.name == after.name:
            raise InputError(
                f"{path}: periods {before.name!r} (begin_s {before.begin_s:g}) and {after.name!r} "
                f"(begin_s {after.begin_s:g}) must differ in name and begin"
            )
    return {row.name: row.begin_s for row in rows}


def _rows(path: Path, key: str, kind: type[RowT]) -> list[RowT]:
    """Read and check the tables of one kind."""
    if not path.is_file():
        raise InputError(f"{path}: no such file of plans")
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get(key, [])
        return [kind.model_validate(row) for row in rows]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: broken TOML ({error})") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: {where}: {first['msg']}, found {first['input']!r}") from None


def current_text(network: Network) -> str:
    """Return the scenario's own programs as an additional file: what is written where nothing better was found."""
    lines = [line for junction in network.junctions for line in _current(junction, PROGRAM_ID)]
    return "\n".join(["<additional>", *lines, "</additional>", ""])


def _current(junction: Junction, program_id: str) -> list[str]:
    head = f'<tlLogic id={quoteattr(junction.id)} type="static" programID={quoteattr(program_id)}'
    phases = [f'  <phase duration="{p.duration_s:g}" state="{p.state}"/>' for p in junction.program]
    return [f'{head} offset="{junction.offset_s:g}">', *phases, "</tlLogic>"]


def switching_text(
    network: Network, rules: SignalRules, periods: Sequence[tuple[str, float, Mapping[str, Plan] | None]]
) -> str:
    """Return the plans of several periods, and SUMO's time switch between them (WAUT).

    Parameters
    ----------
    periods : sequence of (name, begin_s, plans)
        In the order of the day; None where the current plan is kept. Junctions without
        a plan in a period run their current program in it.
    """
    lines = ["<additional>"]
    switched = sorted({junction_id for _, _, plans in periods for junction_id in plans or ()})
    for name, _, plans in periods:
        for junction_id in switched:
            if plans and junction_id in plans:
                lines.append(plans[junction_id].to_sumo(network, rules, program_id=name))
            else:
                lines += _current(network.junctions[network.junction_index(junction_id)], name)
    first, later = periods[0], periods[1:]
    lines.append(f'<WAUT id="retimed" startProg={quoteattr(first[0])} refTime="0">')
    lines += [f'  <wautSwitch time="{begin_s:g}" to={quoteattr(name)}/>' for name, begin_s, _ in later]
    lines.append("</WAUT>")
    lines += [f'<wautJunction wautID="retimed" junctionID={quoteattr(junction_id)}/>' for junction_id in switched]
    return "\n".join([*lines, "</additional>", ""])
