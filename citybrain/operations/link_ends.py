"""Where the traffic of every lamp comes from and goes to: what pictures of a junction are drawn from."""

from __future__ import annotations

from citybrain.network.model import Junction, Network


def link_ends(network: Network, junction: Junction) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the edges before and behind every lamp of a junction; empty for crossings and for lamps of no movement."""
    approaches, exits = [""] * junction.n_links, [""] * junction.n_links
    for movement in (network.movements[m] for m in junction.movements):
        if not movement.is_crossing:
            approaches[movement.link] = network.edges[network.lanes[movement.from_lane].edge].id
            exits[movement.link] = network.edges[network.lanes[movement.to_lane].edge].id
    return tuple(approaches), tuple(exits)
