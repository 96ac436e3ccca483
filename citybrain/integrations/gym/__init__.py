"""Reinforcement learning: a PettingZoo parallel environment and a Gymnasium one, over any scenario and sensors.

The interlock is always on: an action that it refuses does not reach the lamps, and
``action_mask`` says beforehand which ones it would refuse. Needs ``pip install 'citybrain[gym]'``.
"""

from __future__ import annotations

import os

from citybrain.errors import InputError

_before = dict(os.environ)
try:
    import gymnasium as _gymnasium  # noqa: F401
    import pettingzoo as _pettingzoo  # noqa: F401
except ImportError:  # the package can be looked at without them; making an environment says what is missing
    pass
else:
    # both set variables for pygame, which nothing here uses; importing this package changes no environment
    for _name in set(os.environ) - set(_before):
        del os.environ[_name]

    from citybrain.integrations.gym.parallel import CityEnv
    from citybrain.integrations.gym.single import JunctionEnv

__all__ = ["CityEnv", "JunctionEnv"]


def __getattr__(name: str) -> object:
    if name in __all__:
        raise InputError("the environments need Gymnasium and PettingZoo: pip install 'citybrain[gym]'")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
