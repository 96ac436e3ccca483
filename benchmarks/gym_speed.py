"""Environment steps a second: ours against sumo-rl, on sumo-rl's own nets, with its observation.

python benchmarks/gym_speed.py [DECISIONS] [REPEATS] [NET]

Each variant runs in a process of its own, one after the other, interleaved; a step is five simulated seconds
with an action for every signal. All have yellow 2 s and minimum green 5 s, the same traffic and the same actions.
"as it comes": sumo-rl's defaults (reward by waiting time, system and agent infos). "bare": its fastest setting, without
infos and with the queue as reward; ours has that reward too, and the action masks besides.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

NETS = {
    "single-intersection": ("single-intersection", "single-intersection.net.xml", "single-intersection.rou.xml"),
    "4x4": ("4x4-Lucas", "4x4.net.xml", "4x4c1c2c1c2.rou.xml"),
}
VARIANTS = ("ours", "sumo-rl libsumo bare", "sumo-rl libsumo", "sumo-rl socket")
ACTION_EVERY = 4  # decisions between changes of stage


def files(name: str) -> tuple[Path, Path]:
    folder, net, routes = NETS[name]
    root = Path(str(metadata.distribution("sumo-rl").locate_file("sumo_rl/nets")))
    return root / folder / net, root / folder / routes


def clocks() -> tuple[float, float]:
    """Wall clock, and CPU of this process and of the simulators that it has ended."""
    used = os.times()
    return time.perf_counter(), used.user + used.system + used.children_user + used.children_system


def rates(decisions: int, begun: tuple[float, float]) -> dict[str, float]:
    wall, cpu = clocks()
    return {"wall": decisions / (wall - begun[0]), "cpu": decisions / (cpu - begun[1])}


def ours(name: str, decisions: int) -> dict[str, float]:
    from citybrain.integrations.gym import CityEnv
    from citybrain.network.intergreens import SignalRules

    net, routes = files(name)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "bench.sumocfg"
        config.write_text(
            f'<c><net-file value="{net}"/><route-files value="{routes}"/><time-to-teleport value="-1"/></c>',
            encoding="utf-8",
        )
        rules = SignalRules(yellow_s=2.0, all_red_s=0.0, min_green_s=5.0)
        env = CityEnv(
            str(config), sensors="counts", features="densities", reward="queue", rules=rules, end_s=5.0 * decisions + 60
        )
        env.reset(seed=1)
        stages = {agent: int(env.action_space(agent).n) for agent in env.agents}
        begun = clocks()
        for k in range(decisions):
            env.step({agent: (k // ACTION_EVERY) % n for agent, n in stages.items()})
        env.close()
        return rates(decisions, begun)


def sumo_rl(name: str, decisions: int, *, bare: bool) -> dict[str, float]:
    import sumo

    os.environ.setdefault("SUMO_HOME", sumo.SUMO_HOME)
    from sumo_rl import SumoEnvironment

    net, routes = files(name)
    fast: dict[str, Any] = {"add_system_info": False, "add_per_agent_info": False, "reward_fn": "queue"} if bare else {}
    env = SumoEnvironment(
        str(net), str(routes), num_seconds=5 * decisions + 60, sumo_seed=1, sumo_warnings=False,
        additional_sumo_cmd="--no-step-log true", **fast,
    )  # fmt: skip
    env.reset()
    stages = {agent: int(env.action_spaces(agent).n) for agent in env.ts_ids}
    begun = clocks()
    for k in range(decisions):
        env.step({agent: (k // ACTION_EVERY) % n for agent, n in stages.items()})
    env.close()
    return rates(decisions, begun)


def child(variant: str, name: str, decisions: int) -> None:
    found = ours(name, decisions) if variant == "ours" else sumo_rl(name, decisions, bare=variant.endswith("bare"))
    print(json.dumps(found))


def main(decisions: int = 600, repeats: int = 3, *nets: str) -> None:
    print("| net | per | " + " | ".join(VARIANTS) + " | of socket | of libsumo | of libsumo bare |")
    print("|---|---|" + "---|" * (len(VARIANTS) + 3))
    for name in nets or NETS:
        found: dict[str, list[dict[str, float]]] = {variant: [] for variant in VARIANTS}
        for _ in range(repeats):
            for variant in VARIANTS:
                environment = {**os.environ, **({"LIBSUMO_AS_TRACI": "1"} if "libsumo" in variant else {})}
                done = subprocess.run(
                    [sys.executable, __file__, "child", variant, name, str(decisions)],
                    capture_output=True, text=True, check=True, env=environment,
                )  # fmt: skip
                found[variant].append(json.loads(done.stdout.splitlines()[-1]))
        for clock in ("wall", "cpu"):
            shown = " | ".join(f"{statistics.median(row[clock] for row in found[v]):.0f}" for v in VARIANTS)
            times = [
                statistics.median(a[clock] / b[clock] for a, b in zip(found["ours"], found[variant], strict=True))
                for variant in ("sumo-rl socket", "sumo-rl libsumo", "sumo-rl libsumo bare")
            ]
            ratios = " | ".join(f"{ratio:.2f} x" for ratio in times)
            print(f"| {name} | s of {clock} | {shown} | {ratios} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main(*(int(n) for n in sys.argv[1:3]), *sys.argv[3:])
