"""What-if studies: small changes to a scenario, stated in the spec, compared like policies.

::

    [[what_if]]
    name = "calm high street"
    close = ["edge-7"]                                # closed to all vehicles
    speed_kmh = { "edge-3" = 30, "edge-4" = 30 }
    lanes = { "edge-5" = 1 }                          # one more; -1 for one less
    forbid_turns = [["edge-1", "edge-2"]]
    move = { share = 0.2, by_s = 900 }                # one trip in five starts a quarter of an hour later
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(min_length=1)]


class Move(BaseModel):
    """Trips that start at another time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: Annotated[float, Field(gt=0, le=1)]
    by_s: Annotated[float, Field(ge=-86400, le=86400)]


class WhatIf(BaseModel):
    """One set of changes.

    Attributes
    ----------
    name : str
        What it is called in the table.
    close : tuple of str
        Edges closed to every vehicle; trips over them take the quickest other way.
    speed_kmh : mapping
        New speed limits by edge.
    lanes : mapping
        Lanes added to an edge (or, negative, taken away).
    forbid_turns : tuple of (from, to)
        Turns that nobody may make any more.
    move : Move, optional
        Demand moved in time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    close: tuple[Name, ...] = ()
    speed_kmh: dict[str, Annotated[float, Field(gt=0, le=200)]] = Field(default_factory=dict)
    lanes: dict[str, Annotated[int, Field(ge=-3, le=3)]] = Field(default_factory=dict)
    forbid_turns: tuple[tuple[Name, Name], ...] = ()
    move: Move | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> WhatIf:
        if not (self.close or self.speed_kmh or self.lanes or self.forbid_turns or self.move):
            raise ValueError(f"what_if {self.name!r} changes nothing; close an edge, or leave it out")
        return self

    @property
    def reroutes(self) -> bool:
        """Whether ways may be lost, so that trips must look for others."""
        return bool(self.close or self.forbid_turns or self.lanes)
