"""Shared fixtures. Everything that needs the simulator is marked ``sumo``; the rest runs without it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
from cases import Case, build_case, build_cross
from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")  # a busy machine is no fault of the code


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A small SUMO scenario: two signalised junctions in a row, five minutes of traffic."""
    return build_case(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="session")
def left_hand_net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A four-arm junction with pedestrian crossings in a country that drives on the left."""
    return build_cross(tmp_path_factory.mktemp("left"), left_hand=True, crossings=True)


@pytest.fixture(scope="session")
def resco() -> Path:
    """The folder of the RESCO maps; skips where sumo-rl, which carries them, is not installed."""
    try:
        folder = Path(str(metadata.distribution("sumo-rl").locate_file("sumo_rl/nets/RESCO")))
    except metadata.PackageNotFoundError:
        pytest.skip("the RESCO maps come with sumo-rl: pip install 'citybrain[bench]'")
    return folder
