"""How every report is made of its templates: the package's own, and the base that all share."""

from __future__ import annotations

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from citybrain.evaluation.report.numbers import clock_time, number, percent, plural

_SHARED = "citybrain.evaluation.report"


def templates_of(package: str) -> Environment:
    """Return the environment for the folder ``templates`` of a package; names that it lacks are those of the shared folder.

    Filters: ``number``, ``percent``, ``plural`` and ``clock``.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name, "templates") for name in dict.fromkeys((package, _SHARED))]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, percent=percent, plural=plural, clock=clock_time)
    return environment
