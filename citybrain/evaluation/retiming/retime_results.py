"""``results.json`` of a retiming."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from citybrain.evaluation.result_file import ResultFile


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class SumoRun(_Row):
    """One plan on one seed; ``delay_s`` is missing where the run failed."""

    seed: int
    use: str
    """``choice`` among candidates, or ``acceptance`` on fresh seeds."""
    delay_s: float | None = None
    error: str | None = None


class CandidateRow(_Row):
    """A plan that was tried: what the platoon model and SUMO say of it."""

    name: str
    model_delay_s: float
    mesoscopic_delay_s: float | None = None
    """Missing where the mesoscopic simulation was not asked."""
    runs: tuple[SumoRun, ...] = ()

    def mean_s(self, use: str) -> float | None:
        """Mean delay of the runs of one use, None where one failed or none was made."""
        delays = [run.delay_s for run in self.runs if run.use == use]
        known = [delay for delay in delays if delay is not None]
        return sum(known) / len(known) if known and len(known) == len(delays) else None


class PlanRow(_Row):
    """What a junction runs, and how the platoon model values it."""

    cycle_s: float
    offset_s: float
    stages: tuple[int, ...]
    greens_s: tuple[float, ...]
    delay_s: float
    """Mean delay of a vehicle at this junction."""
    stops: float
    worst_degree: float
    longest_queue: float


class JunctionRow(_Row):
    """One junction before and after."""

    id: str
    name: str
    vph: float
    before: PlanRow
    after: PlanRow
    why: str


class PeriodRow(_Row):
    """One period: candidates, the choice and its reason."""

    name: str
    begin_s: float
    end_s: float
    vehicles: int
    samples: int
    groups: tuple[tuple[str, ...], ...]
    corridors: tuple[tuple[str, ...], ...]
    candidates: tuple[CandidateRow, ...]
    chosen: str
    reason: str
    accepted: bool
    """Whether SUMO on fresh seeds agrees that the plan is better than the current one."""
    offset_gap: float | None = None
    """How far the last offsets may be from the optimum of their model, as a share of it."""
    search_s: float = 0.0
    interrupted: bool = False
    junctions: tuple[JunctionRow, ...] = ()


class RetimeResults(ResultFile):
    """The whole file."""

    objective: dict[str, float]
    periods: tuple[PeriodRow, ...]
