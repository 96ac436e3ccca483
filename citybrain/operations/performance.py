"""What the controllers' high-resolution logs of a recorded run would say: it is run again, with loggers on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from citybrain.evaluation.performance.codes import Code
from citybrain.evaluation.performance.log import EventLog
from citybrain.evaluation.performance.phases import Phase
from citybrain.evaluation.performance.record import junction_indices
from citybrain.evaluation.performance.recorder import Notes, RecordedPlant
from citybrain.operations.live.engine import Engine
from citybrain.operations.replay import Checked, check_again


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Events of a run.

    Attributes
    ----------
    phases : dict of int to tuple of Phase
        By junction index; those with pre-emption first, then in the network's order.
    checked : Checked
        Whether the run came out as it was recorded: only then the events are what happened.
    """

    log: EventLog
    phases: dict[int, tuple[Phase, ...]]
    checked: Checked

    @property
    def preemptions(self) -> int:
        """How many calls of emergency vehicles controllers took."""
        return self.log.count(Code.PREEMPT_CALL_ON)


def performance_of(database: str, run_id: str | None = None, *, junctions: Sequence[str] = ()) -> Performance:
    """Run a recorded run again and write down its events.

    Parameters
    ----------
    junctions : sequence of str
        Ids of those that are logged; none for all.

    Raises
    ------
    InputError
        If there is no such run, its scenario has changed, or a junction is unknown.
    """
    made: list[RecordedPlant] = []

    def log_events(engine: Engine) -> None:
        chosen = junction_indices(engine.network, junctions)
        loop = engine.loop
        logged = RecordedPlant(
            engine.plant, engine.network, engine.rules, junctions=chosen, stages=engine.service.network
        )
        loop.plant, loop.observers = logged, (*loop.observers, Notes(logged))
        made.append(logged)

    checked = check_again(database, run_id, begin=log_events)
    log, phases = made[0].log, made[0].phases
    called = log.devices_with(Code.PREEMPT_CALL_ON)
    order = sorted(phases, key=lambda j: (j not in called, j))
    return Performance(log=log, phases={j: phases[j] for j in order}, checked=checked)
