"""Learn cologne1 with PPO and save the network as plain arrays: python experiments/rl/train.py [STEPS]."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from stable_baselines3 import PPO

from citybrain.integrations.gym import JunctionEnv

SCENARIO, FEATURES, INTERVAL_S = "resco:cologne1", "densities", 5.0
FIRST_SEED = 1000  # far from those that anybody is judged on
OUT = Path(__file__).with_name("learned.npz")


class Seeded(JunctionEnv):
    """Episode after episode with seeds that follow each other."""

    seed = FIRST_SEED

    def reset(self, *, seed=None, options=None):  # noqa: ARG002
        self.seed += 1
        return super().reset(seed=self.seed, options=options)


def main(steps: int = 80_000) -> None:
    env = Seeded(SCENARIO, sensors="counts", features=FEATURES, reward="queue", interval_s=INTERVAL_S)
    model = PPO(
        "MlpPolicy", env, n_steps=720, batch_size=144, learning_rate=1e-3, gamma=0.97, ent_coef=0.01, seed=1,
        device="cpu", verbose=1,
    )  # fmt: skip
    model.learn(steps)
    env.close()
    layers = [*model.policy.mlp_extractor.policy_net, model.policy.action_net]
    linear = [layer for layer in layers if hasattr(layer, "weight")]
    arrays = {f"weight{i}": layer.weight.detach().numpy() for i, layer in enumerate(linear)}
    arrays |= {f"bias{i}": layer.bias.detach().numpy() for i, layer in enumerate(linear)}
    np.savez(OUT, junction=env.junction, features=FEATURES, interval_s=INTERVAL_S, **arrays)
    print(f"{OUT}: {steps} steps, {model.num_timesteps // 720} episodes")


if __name__ == "__main__":
    main(*(int(n) for n in sys.argv[1:]))
