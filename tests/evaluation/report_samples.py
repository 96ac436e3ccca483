"""A street with two signals, and runs on it that nobody had to simulate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from citybrain.evaluation.compare import by_policy, compare
from citybrain.evaluation.metrics import TRIP_SCHEMA, Statistics, summarise
from citybrain.evaluation.results import Results, RunResult
from citybrain.evaluation.run import RunRecord
from citybrain.messages import Event
from citybrain.network.model import Edge, Junction, Lane, Link, Movement, Network, Stage, index_by_id

BEGIN_S, END_S = 3600.0, 7200.0
PIECES = (  # id, from, to, start x, length; the last one lies apart and sees no traffic
    ("far", "w", "n", 0.0, 150.0),
    ("in-A", "n", "A", 150.0, 60.0),
    ("A-B", "A", "B", 210.0, 300.0),
    ("out", "B", "e", 510.0, 100.0),
    ("apart", "x", "y", 0.0, 80.0),
)


def street() -> Network:
    """``far`` leads without a signal to ``in-A``, A to B over ``A-B``, B to ``out``."""
    onward = {0: Link(to_lane=1, via_m=0.5, movement=-1), 1: Link(to_lane=2, via_m=9.0, movement=0)}
    onward[2] = Link(to_lane=3, via_m=9.0, movement=1)
    edges, lanes = [], []
    for i, (name, origin, target, x_m, length_m) in enumerate(PIECES):
        y_m = 50.0 if name == "apart" else 0.0
        edges.append(
            Edge(
                index=i, id=name, name="High Street" if name == "A-B" else "", from_node=origin, to_node=target,
                length_m=length_m, speed_mps=14.0, lanes=(i,), shape=((x_m, y_m), (x_m + length_m, y_m)),
            )
        )  # fmt: skip
        links = (onward[i],) if i in onward else ()
        lanes.append(Lane(index=i, id=f"{name}_0", edge=i, length_m=length_m, speed_mps=14.0, links=links))
    movements = tuple(
        Movement(
            index=i, junction=i, link=0, turn="straight", from_lane=i + 1, to_lane=i + 2, path_m=9.0, speed_mps=14.0
        )
        for i in range(2)
    )
    alone = np.zeros((1, 1), dtype=np.bool_)
    junctions = tuple(
        Junction(
            index=i, id=name, name="", x_m=x_m, y_m=0.0, n_links=1, movements=(i,),
            stages=(Stage(index=0, state="G"),), conflicts=alone, gives_way=alone, program=(), offset_s=0.0,
        )
        for i, (name, x_m) in enumerate((("A", 210.0), ("B", 510.0)))
    )  # fmt: skip
    return Network(
        source="street.net.xml",
        left_hand=False,
        edges=tuple(edges),
        lanes=tuple(lanes),
        movements=movements,
        junctions=junctions,
        warnings=("junction A: one <phase> mended",),
        _index=index_by_id(tuple(edges), tuple(lanes), junctions),
    )


def record(policy: str, seed: int, delay_s: float, *, explained: bool = False) -> RunRecord:
    """A run of forty vehicles with a known mean delay; half of it is lost on ``in-A``."""
    n = 40
    spread_s = np.linspace(0.5, 1.5, n) * delay_s
    columns = {
        "vehicle": [f"v{i}" for i in range(n)],
        "type": ["car"] * n,
        "status": ["arrived"] * (n - 2) + ["unfinished", "never_inserted"],
        "depart_s": np.linspace(BEGIN_S, END_S, n),
        "depart_delay_s": 0.1 * spread_s,
        "duration_s": 60 + 0.9 * spread_s,
        "time_loss_s": 0.9 * spread_s,
        "waiting_s": 0.5 * spread_s,
        "stops": [1] * n,
        "distance_m": [600.0] * n,
        "co2_mg": 1e6 + 1e4 * spread_s,
    }
    trips = pa.table({name: pa.array(columns[name], TRIP_SCHEMA.field(name).type) for name in TRIP_SCHEMA.names})
    lost_s = n * delay_s
    time_s = np.arange(BEGIN_S, END_S, 600.0)
    event = Event(
        time_s=4000.0,
        kind="decision",
        junction_id="B",
        data={
            "stage": 1,
            "why": "<queue> & platoon",
            "alternatives": {"0": {"predicted_cost_s": 71.25}, "1": {"predicted_cost_s": np.float64(48.5)}},
            "weights": np.array([0.25, 0.75]),
        },
    )
    return RunRecord(
        result=summarise(
            trips, Statistics(1 if policy == "slow" else 0, 0, 2), policy=policy, seed=seed, wall_s=3.0, simulator_s=2.0
        ),
        trips=trips,
        edge_delay_s=np.array([0.1, 0.5, 0.2, 0.05, 0.0]) * lost_s,
        edge_speed_mps=np.array([12.0, 5.0, 9.0, 13.0, np.nan]),
        edge_vehicles=np.array([n, n, n, n, 0.0]),
        series={
            "time_s": time_s,
            "running": np.full(len(time_s), delay_s),
            "halting": np.full(len(time_s), delay_s / 2),
            "waiting_to_insert": np.zeros(len(time_s)),
            "mean_speed_mps": np.full(len(time_s), 8.0),
        },
        decisions=(event,) if explained else (),
    )


def study(
    delays_s: Mapping[str, Sequence[float]],
    *,
    failed: Sequence[RunResult] = (),
    baseline: str = "fixed-time",
    interrupted: bool = False,
    explained: str = "",
) -> tuple[Results, list[RunRecord]]:
    """Results of policies with a mean delay for each seed from 1 on; ``failed`` replaces runs."""
    records = [
        record(policy, seed, delay_s, explained=policy == explained)
        for policy, values in delays_s.items()
        for seed, delay_s in enumerate(values, start=1)
        if not any(run.policy == policy and run.seed == seed for run in failed)
    ]
    # the baseline's runs come first, as the command writes them
    runs = sorted([*(record.result for record in records), *failed], key=lambda run: (run.seed, run.policy != baseline))
    results = Results(
        scenario="street <1>",
        sumo_version="1.28.0",
        citybrain_version="0.1.0",
        command="citybrain evaluate street.sumocfg --seeds 3",
        created="2026-01-02T03:04:05+00:00",
        begin_s=BEGIN_S,
        end_s=END_S,
        sensors="perfect",
        junctions=2,
        notes=("yellow of 3 s & no all-red",),
        interrupted=interrupted,
        runs=runs,
        policies=by_policy(runs),
        comparison=compare(runs, baseline),
    )
    return results, records


NETWORK = street()
THREE = {"fixed-time": [40.0, 42.0, 44.0], "greedy": [20.0, 22.0, 21.0], "slow": [50.0, 60.0, 55.0]}
CRASH = RunResult(policy="slow", seed=2, status="failed", error="SUMO died: <b>signal 11</b> & more")


def plain(words: str) -> str:
    """Words with single ordinary spaces between them."""
    return " ".join(words.split())
