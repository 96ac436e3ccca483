"""Plays a recorded run again: in the console, or to prove that it comes out the same."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from citybrain.demand.scenario import open_scenario
from citybrain.detection.tokens import signed
from citybrain.errors import InputError
from citybrain.evaluation.warm import scenario_key
from citybrain.messages import PriorityRequest
from citybrain.operations.access import Access
from citybrain.operations.live.engine import Engine
from citybrain.operations.live.process import Start
from citybrain.operations.live.recorded_seat import RecordedSeat
from citybrain.operations.live.reports import Input
from citybrain.operations.record.database import open_database
from citybrain.operations.record.reader import RecordedRun, read_run
from citybrain.operations.service.live_room import LiveRoom

_KEY = b"a recording: whether a request was genuine is known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found."""

    same: bool
    ticks: int
    summary: str


def load(database: str, run_id: str | None) -> RecordedRun:
    """Read a run and make sure that all it needs is as it was.

    Raises
    ------
    InputError
        If the scenario or the state that it began with has changed.
    """
    engine = open_database(database, must_exist=True)
    try:
        run = read_run(engine, run_id)
    finally:
        engine.dispose()
    config = run.config
    scenario = open_scenario(config.scenario, begin_s=config.begin_s, end_s=config.end_s)
    if (now := scenario_key(scenario)) != run.scenario_key:
        raise InputError(
            f"{config.scenario}: has changed since run {run.run_id} was recorded ({run.scenario_key[:12]} then, "
            f"{now[:12]} now), so it cannot be run again"
        )
    if config.state is not None:
        if not config.state.is_file():
            raise InputError(f"{config.state}: is missing; run {run.run_id} began with this state")
        digest = hashlib.sha256(config.state.read_bytes()).hexdigest()
        if run.state_sha256 and digest != run.state_sha256:
            raise InputError(f"{config.state}: is not the state that run {run.run_id} began with (its hash differs)")
    return run


def inputs_of(run: RecordedRun) -> dict[int, tuple[Input, ...]]:
    """Return the inputs by tick; requests are signed anew where they were genuine."""
    return {tick: tuple(_signed(given) for given in rows) for tick, rows in run.inputs.items()}


def _signed(given: Input) -> Input:
    if given.kind != "request":
        return given
    data = dict(given.data)
    genuine = data.pop("token") == "genuine"
    request = PriorityRequest(**data)
    token = signed(request, _KEY).token if genuine else ""
    return Input("request", {**data, "token": token})


def check_again(
    database: str, run_id: str | None = None, *, begin: Callable[[Engine], None] = lambda _engine: None
) -> Checked:
    """Run a recorded run again and compare the signals of every tick.

    Parameters
    ----------
    begin : callable
        Is given the engine before its first tick, to look at the run as it goes.
    """
    run = load(database, run_id)
    inputs, config = inputs_of(run), run.config.model_copy(update={"speed": 0.0})
    engine = Engine(config, RecordedSeat(config.policy, config.parameters, run.seat), key=_KEY)
    last = max(run.digests)
    try:
        begin(engine)
        if engine.hello().digest != run.digest:
            return Checked(same=False, ticks=0, summary=f"run {run.run_id}: the first lamps differ")
        while engine.tick_number < last:
            for given in inputs.get(engine.tick_number + 1, ()):
                engine.apply(given)
            report = engine.tick()
            if report.digest != run.digests[report.tick]:
                text = f"run {run.run_id}: signals differ from tick {report.tick} ({report.time_ms / 1000:g} s) on"
                return Checked(same=False, ticks=report.tick, summary=text)
    finally:
        engine.close()
    count = sum(len(rows) for rows in inputs.values())
    summary = f"run {run.run_id}: {last} ticks, {count} inputs, every signal the same bit for bit"
    return Checked(same=True, ticks=last, summary=summary)


def open_replay(database: str, run_id: str | None, *, speed: float) -> tuple[LiveRoom, Access]:
    """Open a room that plays a recorded run."""
    run = load(database, run_id)
    config = run.config.model_copy(update={"speed": speed, "checkpoint_s": 0.0})
    start = Start(config=config, key=_KEY, recorded=inputs_of(run), seat=run.seat, last_tick=max(run.digests))
    folder = Path(tempfile.mkdtemp(prefix="citybrain-replay-"))
    return LiveRoom(config, folder, None, start), Access(None, open_viewing=True)
