"""The page of parameters, from the classes that hold them and their docstrings."""

from __future__ import annotations

import dataclasses
import inspect
from importlib import import_module
from typing import Any

from griffe import Docstring, DocstringSectionKind
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from citybrain.signals.policy import BUILT_IN

CLASSES = {
    "adaptive": "citybrain.signals.adaptive.parameters:AdaptiveParameters",
    "Rules of the interlock": "citybrain.network.intergreens:SignalRules",
    "Emergency priority": "citybrain.signals.priority.parameters:PriorityParameters",
    "Vehicles that tell where they are": "citybrain.detection.onboard:RadioParameters",
    "Sensors: camera": "citybrain.detection.camera:CameraParameters",
    "Sensors: loops": "citybrain.detection.loops:LoopParameters",
    "Sensors: probes": "citybrain.detection.probes:ProbeParameters",
    "Incident detector": "citybrain.detection.incidents.discharge:DischargeParameters",
}
_INTRODUCTION = """# Parameters

Made from the classes themselves. A study sets those of a policy under `[parameters.NAME]` ([studies](../studies.md)); from Python
they are keyword arguments. Units are in the names.
"""


def markdown() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    for title, target in CLASSES.items():
        parts += _section(title, target, load(target))
    for policy, entry in BUILT_IN.items():
        made = load(entry.target)
        if policy not in CLASSES and any(p.kind is p.KEYWORD_ONLY for p in inspect.signature(made).parameters.values()):
            parts += _section(policy, entry.target, made)
    return "\n".join(parts)


def load(target: str) -> Any:
    """Return the class that ``module:name`` means."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def rows(cls: Any) -> list[tuple[str, str, str]]:
    """Return name, default and meaning of each parameter."""
    meaning = _descriptions(cls)
    return [(name, _shown(value), meaning.get(name, "")) for name, value in defaults(cls).items()]


def defaults(cls: Any) -> dict[str, Any]:
    """Return the parameters of a dataclass, a pydantic model or any other class, with their defaults."""
    if isinstance(cls, type) and issubclass(cls, BaseModel):
        return {name: field.get_default(call_default_factory=True) for name, field in cls.model_fields.items()}
    if dataclasses.is_dataclass(cls):
        return {
            f.name: f.default if f.default_factory is dataclasses.MISSING else f.default_factory()
            for f in dataclasses.fields(cls)
            if f.init
        }
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def _section(title: str, target: str, cls: Any) -> list[str]:
    lines = [
        f"## {title}",
        "",
        f"[`{cls.__name__}`][{target.replace(':', '.')}]",
        "",
        "| name | default | |",
        "|---|---|---|",
    ]
    return [*lines, *(f"| `{name}` | {default} | {text} |" for name, default, text in rows(cls)), ""]


def _descriptions(cls: Any) -> dict[str, str]:
    """Return what the docstring, or that of a base, says of each parameter."""
    found: dict[str, str] = {}
    for owner in reversed(cls.__mro__ if isinstance(cls, type) else (cls,)):
        text = inspect.cleandoc(owner.__dict__.get("__doc__") or "") if owner is not object else ""
        for section in Docstring(text).parse("numpy", warnings=False):
            if section.kind in (DocstringSectionKind.parameters, DocstringSectionKind.attributes):
                for item in section.value:
                    for name in item.name.split(","):
                        found[name.strip()] = " ".join(item.description.split()).replace("|", "\\|")
    return found


def _shown(value: Any) -> str:
    if value is PydanticUndefined or value is inspect.Parameter.empty or value is dataclasses.MISSING:
        return "needed"
    if dataclasses.is_dataclass(value) or isinstance(value, BaseModel):
        return f"`{type(value).__name__}()`"
    return f"`{value!r}`"
