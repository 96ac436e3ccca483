"""What a study is: the TOML that ``citybrain sweep`` reads.

::

    baseline = "fixed-time"
    scenarios = ["resco:cologne1", "twin:2x2"]
    policies = ["max-pressure", "greedy"]
    demand = [0.8, 1.0]              # scales of the scenario's own demand
    sensors = ["camera"]
    seeds = 5                        # 1 to 5; or a list

    [parameters.greedy]              # a list is one more axis of the grid
    interval_s = [1.0, 5.0]

    [[what_if]]                      # changes to the scenarios, see :mod:`.what_if`
    name = "no left turn"
    forbid_turns = [["from", "to"]]
"""

from __future__ import annotations

import inspect
import math
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from citybrain.detection import check_sensors
from citybrain.errors import InputError, nearest_hint
from citybrain.signals.policy import find_policy
from citybrain.studies.twin import is_twin
from citybrain.studies.what_if import Move, WhatIf

_HIGHEST_SEED = 2**31 - 1  # of SUMO's random numbers
_MOST_SEEDS = 10_000

Scalar = bool | int | float | str
Name = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Name, ...], Field(min_length=1)]
Scale = Annotated[float, Field(gt=0, le=20)]


class StudySpec(BaseModel):
    """A grid of runs.

    Attributes
    ----------
    baseline : str
        The policy that the others are compared with; run whether or not it is listed.
    scenarios : tuple of str
        Names, or paths of ``.sumocfg`` files relative to the spec.
    demand : tuple of float
        Scales of each scenario's own demand.
    seeds : tuple of int
        SUMO's random seeds; the same for every policy.
    begin_s, end_s : float, optional
        The measured window; each scenario's own where not given.
    parameters : mapping
        By policy, its parameters; a list is one more axis of the grid.
    what_if : tuple of WhatIf
        Changes to every scenario, each compared with the scenario as it is.
    keep_trips : bool
        Keep every vehicle's trip beside its run.
    keep_emissions : bool
        Keep what every road emits beside its run, and draw maps of it.
    run_limit_s : float, optional
        Wall time after which a run is ended and counted as failed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    baseline: Name = "fixed-time"
    scenarios: Names
    policies: tuple[Name, ...] = ()
    demand: Annotated[tuple[Scale, ...], Field(min_length=1)] = (1.0,)
    sensors: Names = ("camera",)
    seeds: tuple[int, ...] = (1, 2, 3)
    begin_s: float | None = None
    end_s: float | None = None
    parameters: dict[str, dict[str, Scalar | tuple[Scalar, ...]]] = Field(default_factory=dict)
    what_if: tuple[WhatIf, ...] = ()
    keep_trips: bool = False
    keep_emissions: bool = False
    run_limit_s: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _count_of_seeds(cls, values: Any) -> Any:
        """Read ``seeds = 5`` as 1 to 5."""
        if isinstance(values, dict) and type(values.get("seeds")) is int:
            count = values["seeds"]
            if not 1 <= count <= _MOST_SEEDS:
                raise ValueError(f"seeds = {count}: as a number of seeds it must be 1 to {_MOST_SEEDS}")
            return {**values, "seeds": tuple(range(1, count + 1))}
        return values

    @property
    def all_policies(self) -> tuple[str, ...]:
        """The baseline, then the others."""
        return tuple(dict.fromkeys((self.baseline, *self.policies)))


def read_spec(path: Path) -> StudySpec:
    """Read and check a spec.

    Raises
    ------
    InputError
        If the file is missing or broken, a key is unknown (the nearest is named), a value
        is out of range, or a policy, its parameter or sensors do not exist.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'})") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: broken TOML ({error})") from None
    try:
        spec = StudySpec(**values)
    except ValidationError as error:
        raise InputError(f"{path}: {_first_problem(error)}") from None
    _check(path, spec)
    return spec if spec.name else spec.model_copy(update={"name": path.stem})


def _first_problem(error: ValidationError) -> str:
    """Say the first problem in one line: key, value, what is allowed."""
    # a misspelt key is also a missing one; its own name helps more
    problem = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    place = [str(part) for part in problem["loc"]]
    if problem["type"] == "extra_forbidden":
        return f"unknown key {place[-1]!r}{nearest_hint(place[-1], _keys(place[:-1]))}"
    if problem["type"] == "missing":
        return f"key {'.'.join(place)!r} is missing"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return message if not place else f"{'.'.join(place)} = {problem['input']!r}: {message[0].lower()}{message[1:]}"


def _keys(place: list[str]) -> list[str]:
    """Return the keys that the table at ``place`` may have."""
    if not place:
        return list(StudySpec.model_fields)
    return list((Move if place[-1] == "move" else WhatIf).model_fields)


def _check(path: Path, spec: StudySpec) -> None:
    for name in spec.all_policies:
        find_policy(name)
    for sensors in spec.sensors:
        check_sensors(sensors)
    for axis in ("scenarios", "policies", "demand", "sensors", "seeds"):
        values = getattr(spec, axis)
        twice = [value for i, value in enumerate(values) if value in values[:i]]
        if twice:
            raise InputError(f"{path}: {axis} names {twice[0]!r} twice; a run is run once")
    names = [change.name for change in spec.what_if]
    if len(set(names)) != len(names):
        raise InputError(f"{path}: two what_if are called {max(names, key=names.count)!r}; give each its own name")
    if spec.what_if and any(is_twin(name) for name in spec.scenarios):
        raise InputError(f"{path}: what_if needs a network of SUMO; the twin has none to change")
    if not spec.seeds or min(spec.seeds) < 0 or max(spec.seeds) > _HIGHEST_SEED:
        raise InputError(f"{path}: seeds = {list(spec.seeds)}: needs integers of 0 to {_HIGHEST_SEED}, such as [1, 2]")
    for policy, parameters in spec.parameters.items():
        if policy not in spec.all_policies:
            raise InputError(
                f"{path}: parameters for {policy!r}, which is not run{nearest_hint(policy, spec.all_policies)}"
            )
        _check_parameters(path, policy, parameters)


def _check_parameters(path: Path, policy: str, parameters: dict[str, Any]) -> None:
    """Refuse parameters that a built-in policy does not have; a third party's own code is not run here."""
    for name, value in parameters.items():
        values = value if isinstance(value, tuple) else (value,)
        if not values or any(isinstance(v, float) and not math.isfinite(v) for v in values):
            raise InputError(f"{path}: parameters.{policy}.{name} = {list(values)}: needs finite values")
    entry = find_policy(policy)
    if entry.origin != "built in":
        return
    module, _, factory = entry.target.partition(":")
    known = inspect.signature(getattr(import_module(module), factory)).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values()):  # it knows them by itself
        for name, value in parameters.items():
            for one in value if isinstance(value, tuple) else (value,):
                try:
                    entry.make(**{name: one})
                except InputError as error:
                    raise InputError(f"{path}: {error}") from None
        return
    for name in parameters:
        if name not in known:
            raise InputError(f"{path}: policy {policy!r} has no parameter {name!r}{nearest_hint(name, known)}")
