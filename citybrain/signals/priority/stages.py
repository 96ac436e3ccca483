"""Stages that clear one approach: what a junction shows for an emergency vehicle where none of its own do."""

from __future__ import annotations

from dataclasses import replace

from citybrain.network.model import Junction, Network, Stage

_CHAIN_M = 120.0


class ApproachStages:
    """A network whose junctions can also clear each approach, and which stage does that.

    A junction's own stages keep their numbers; those added come after them. In an added
    stage all lanes of the approach are protected, whatever conflicts is red, and so are
    pedestrians, whose clearance would delay the way back.

    Attributes
    ----------
    network : Network
        For the interlock. Policies and sensors keep the one they know.
    """

    def __init__(self, network: Network) -> None:
        self.base = network
        self._added: dict[tuple[int, ...], int] = {}
        self._links: list[dict[int, list[int]]] = []
        junctions = tuple(self._with_stages(junction) for junction in network.junctions)
        self.network = replace(network, junctions=junctions)

    def _with_stages(self, junction: Junction) -> Junction:
        network = self.base
        by_edge: dict[int, list[int]] = {}
        onward: dict[int, set[int]] = {}
        for index in junction.movements:
            m = network.movements[index]
            if not m.is_crossing:
                edge = network.lanes[m.from_lane].edge
                by_edge.setdefault(edge, []).append(m.link)
                onward.setdefault(edge, set()).add(network.lanes[m.to_lane].edge)
        self._links.append(by_edge)
        if not junction.stages:
            return junction
        chains: list[tuple[int, ...]] = [(edge,) for edge in by_edge]
        for edge, targets in onward.items():
            chains += [(edge, t) for t in targets if t in by_edge and network.edges[t].length_m < _CHAIN_M]
        stages = list(junction.stages)
        states = {stage.state: stage.index for stage in stages}
        for chain in chains:
            state = self._state(junction, chain)
            if state not in states:
                states[state] = len(stages)
                stages.append(Stage(index=len(stages), state=state))
            self._added[(junction.index, *chain)] = states[state]
        return replace(junction, stages=tuple(stages))

    def _state(self, junction: Junction, chain: tuple[int, ...]) -> str:
        """Protected green for the approaches of a chain, the last first, then for what does not conflict."""
        network = self.base
        turn = {network.movements[m].link: network.movements[m].turn for m in junction.movements}
        ways = {
            network.movements[m].link: network.lanes[network.movements[m].to_lane].edge
            for m in junction.movements
            if not network.movements[m].is_crossing
        }
        by_edge = self._links[junction.index]
        first: list[int] = []
        for place in range(len(chain) - 1, -1, -1):
            links = sorted(by_edge[chain[place]], key=lambda link: turn[link] != "straight")
            if place + 1 < len(chain):  # the way on comes before the other turns
                links.sort(key=lambda link: ways[link] != chain[place + 1])
            first += links
        rest = sorted((link for link in ways if link not in first), key=lambda link: turn[link] != "straight")
        green: list[int] = []
        for link in [*first, *rest]:
            if not any(junction.conflicts[link, other] for other in green):
                green.append(link)
        return "".join("G" if link in green else "r" for link in range(junction.n_links))

    def serving(self, junction: int, chain: tuple[int, ...], shown: int) -> int:
        """Return the stage that clears an approach: what is shown if it does, else one of the junction's own.

        All lanes of the approach count, not only those that lead where the vehicle goes: who
        waits in front of it to change into a lane that stands at red stops it for good.

        Parameters
        ----------
        chain : tuple of int
            The edge it comes on, and the next if that is an approach of the same junction.
        """
        added = self._added.get((junction, *chain), self._added.get((junction, *chain[:1]), -1))
        here = self.network.junctions[junction]
        needed = set(self._links[junction].get(chain[0], ()))
        if len(chain) == 2 and (junction, *chain) in self._added:
            needed |= set(self._links[junction].get(chain[1], ()))
        candidates = [shown, *(s.index for s in self.base.junctions[junction].stages)]
        for index in candidates:
            state = here.stages[index].state
            if all(state[link] == "G" for link in needed):
                return index
        return added

    def own_stage(self, junction: int, stage: int) -> int:
        """Return a stage that policies know: itself, or the one of its own most like it."""
        own = self.base.junctions[junction].stages
        if stage < len(own):
            return stage
        state = self.network.junctions[junction].stages[stage].state
        return max(
            range(len(own)),
            key=lambda s: sum((a in "Gg") == (b in "Gg") for a, b in zip(own[s].state, state, strict=True)),
        )
