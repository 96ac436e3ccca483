"""Plans by the clock through the interlock, on the twin: in step before and after, and no jump between."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.detection import PerfectSensors
from citybrain.errors import InputError
from citybrain.loop import run_loop
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.lane_queues import LaneQueues
from citybrain.signals.plan import Plan
from citybrain.signals.plan_runner import PlanRunner
from citybrain.signals.retiming.files import toml_text
from citybrain.signals.time_of_day import WAYS, TimeOfDay, read_schedules
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import poisson_trips

RULES = SignalRules(yellow_s=3.0, all_red_s=1.0, min_green_s=5.0, max_green_s=60.0)
NETWORK = grid_network(1, 2)
IDS = [junction.id for junction in NETWORK.junctions]
STAGES = tuple(stage.index for stage in NETWORK.junctions[0].stages)
CHANGE_S = 400.0


def plans(green_s, offset_s):
    return {
        name: Plan(
            junction_id=name, stages=STAGES, greens_s=(float(green_s),) * len(STAGES), offset_s=offset_s + 7.0 * k
        )
        for k, name in enumerate(IDS)
    }


EARLY, LATE = plans(12, 0.0), plans(20, 31.0)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "plans.toml"
    text = toml_text(
        NETWORK, RULES, {"early": EARLY, "late": LATE}, source="test", begins_s={"early": 0.0, "late": CHANGE_S}
    )
    path.write_text(text, encoding="utf-8")
    return path


class Watch:
    """When the first stage of each junction turns green, milliseconds, and what the interlock refused since it began."""

    def __init__(self, plant):
        self.plant, self.before, self.begins = plant, None, [[] for _ in IDS]
        self.refused = []

    def step(self, time_ms, events):
        self.refused += [event for event in events if event.kind == "refusal" and time_ms > 60_000]
        shown = self.plant.signal_states()
        for j, junction in enumerate(NETWORK.junctions):
            first = junction.stages[STAGES[0]].state
            if self.before is not None and shown[j] == first != self.before[j]:
                self.begins[j].append(time_ms)
        self.before = list(shown)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_ends_in_step_with_the_new_plan(file, way):
    trips = poisson_trips(NETWORK, np.random.default_rng(3), flow_vph=100, end_s=300)
    plant = PointQueuePlant(NETWORK, trips)
    watch = Watch(plant)
    policy = TimeOfDay(plans=file, way=way)
    run_loop(plant, NETWORK, policy, PerfectSensors(NETWORK), RULES, 1300.0, [watch])
    if way != "at-once":
        assert not watch.refused  # every green of the way is one that the interlock allows
    for j, name in enumerate(IDS):
        for plan, begin_s, end_s in ((EARLY[name], 100.0, CHANGE_S), (LATE[name], 1000.0, 1300.0)):
            cycle_ms = round(1000 * plan.cycle_s(NETWORK, RULES))
            found = [t for t in watch.begins[j] if 1000 * begin_s < t < 1000 * end_s]
            assert len(found) >= 2
            # the loop commands what is shown from the end of a step on
            assert {(t - round(1000 * plan.offset_s)) % cycle_ms for t in found} <= {0, 1000}


def test_the_cheapest_way_costs_no_more_than_any_other(file):
    rates = np.full(len(NETWORK.movements), 0.06)
    queues = LaneQueues(NETWORK, NETWORK.junctions[0])
    costs = {}
    for way in WAYS[:-1]:
        runner = PlanRunner(NETWORK, RULES, [(0.0, EARLY[IDS[0]]), (CHANGE_S, LATE[IDS[0]])], way=way)
        for second in range(1200):
            runner.stage(second * 1000, rates)
        ((mode, found),) = runner.changes
        shown = [
            (stage, seconds)
            for row in (*found.greens_ms, *[(20_000,) * len(STAGES)] * 40)
            for stage, green_ms in zip(STAGES, row, strict=True)
            for seconds, stage in ((green_ms / 1000, stage), (4.0, -1))
        ]
        costs[way] = mode, queues.predict(shown, rates, 900.0)
    assert costs["cheapest"][1] == pytest.approx(min(cost for _, cost in costs.values()), rel=0.02)


def test_queues_of_a_fluid_are_those_of_a_drawing():
    """10 s red at 0.1 vehicles a second make 1 vehicle; it is gone 2.5 s later: area 5 + 1.25 vehicle-seconds."""
    queues = LaneQueues(NETWORK, NETWORK.junctions[0])
    movement = next(
        m for m in NETWORK.junctions[0].movements if NETWORK.junctions[0].stages[0].is_green(NETWORK.movements[m].link)
    )
    rates = np.zeros(len(NETWORK.movements))
    rates[movement] = 0.1
    assert queues.predict([(-1, 10.0), (0, 30.0)], rates, 40.0) == pytest.approx(5.0 + 1.25)


def test_a_period_without_plans_runs_the_scenarios_own(tmp_path):
    path = tmp_path / "plans.toml"
    text = toml_text(NETWORK, RULES, {"late": LATE}, source="test", begins_s={"early": 0.0, "late": CHANGE_S})
    path.write_text(text, encoding="utf-8")
    for name, rows in read_schedules(path, NETWORK, RULES).items():
        own = NETWORK.junctions[NETWORK.junction_index(name)].program
        assert [begin_s for begin_s, _ in rows] == [0.0, CHANGE_S]
        assert rows[0][1].greens_s == tuple(
            phase.duration_s for phase in own if set(phase.state) <= set("Ggr") and "G" in phase.state
        )
        assert rows[1][1] == LATE[name]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "late"', 'name = "night"', "period 'late' has plans but no begin_s (known: early, night)"),
        ("begin_s = 400", "begin_s = 0", "must differ in name and begin"),
        ("begin_s = 400", "begin_s = -1", "begin_s"),
    ],
)
def test_a_wrong_clock_is_refused(file, old, new, words):
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=r"plans\.toml") as caught:
        TimeOfDay(plans=file).start(NETWORK, RULES)
    assert words in str(caught.value)


def test_an_unknown_way_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(InputError, match="way 'jump'"):
        TimeOfDay(way="jump")
    with pytest.raises(InputError, match="--plans"):
        TimeOfDay().start(NETWORK, RULES)
    with pytest.raises(InputError, match="no such file"):
        TimeOfDay(plans=tmp_path / "none.toml").start(NETWORK, RULES)
