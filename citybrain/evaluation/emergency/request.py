"""What an emergency study is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from citybrain.demand.scenario import Scenario
from citybrain.detection.onboard import RadioParameters
from citybrain.signals.priority import PriorityParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyRequest:
    """What to study.

    Attributes
    ----------
    calls : int
        For each number of vehicles at a time.
    at_once : tuple of int
    together : int
        Calls that share the twins without priority; 0: as many as the most at a time.
    starts : int
        States to start from, spread over the first half of the window.
    siren : int
        Batches of each number that are also driven with a siren only.
    placebo : int
        Batches that are also run with another seed of SUMO, to show what chance alone does.
    longest_s : float
        A vehicle that has not arrived after so long is stuck.
    after_s : float
        How long a twin goes on after its last call has arrived and all junctions are back.
    reuse : Path, optional
        Results folder whose twins are taken where everything that decides them is the same.
    """

    scenario: Scenario
    calls: int = 12
    at_once: tuple[int, ...] = (1, 4)
    together: int = 0
    policy: str = "fixed-time"
    sensors: str = "camera"
    starts: int = 3
    seed: int = 1
    siren: int = 0
    placebo: int = 0
    strays: float = 0.0
    radio: RadioParameters = field(default_factory=RadioParameters)
    parameters: PriorityParameters = field(default_factory=PriorityParameters)
    longest_s: float = 2400.0
    after_s: float = 180.0
    jobs: int = 1
    out: Path
    reuse: Path | None = None
    force: bool = False
    command: str = ""
