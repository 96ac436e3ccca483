"""The graph model of the city and where it comes from."""

from citybrain.network.model import Edge, Junction, Lane, Link, Movement, Network, ProgramPhase, Stage
from citybrain.network.reader import read_network

__all__ = [
    "Edge",
    "Junction",
    "Lane",
    "Link",
    "Movement",
    "Network",
    "ProgramPhase",
    "Stage",
    "read_network",
]
