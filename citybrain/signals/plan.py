"""A fixed-time plan that knows whether it is legal, and says exactly why not.

The stored plan is not the runtime object: it names stages and greens; the
intergreens between them follow from the scenario's rules.

Offset: the time after the common clock's zero at which the first stage of the
plan turns green. A greater offset starts it later.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from citybrain.errors import InputError
from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.model import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A cycle of stages for one junction.

    Parameters
    ----------
    junction_id : str
    stages : tuple of int
        Stage indices in the order they are shown; each at most once.
    greens_s : tuple of float
        Green of each of them.
    offset_s : float
        When the first of them turns green, after the clock's zero.
    """

    junction_id: str
    stages: tuple[int, ...]
    greens_s: tuple[float, ...]
    offset_s: float = 0.0

    def cycle_s(self, network: Network, rules: SignalRules) -> float:
        """Return the cycle: greens and the intergreens between them."""
        return sum(self.greens_s) + sum(self._intergreens_s(network, rules))

    def problems(self, network: Network, rules: SignalRules) -> tuple[str, ...]:
        """Return why the plan is not legal on this network, one line each; empty where it is."""
        index = network.junction_index(self.junction_id)
        if index < 0:
            return (f"junction {self.junction_id!r} is not in the network",)
        junction = network.junctions[index]
        where = f"junction {self.junction_id}"
        if len(self.stages) != len(self.greens_s) or not self.stages:
            return (f"{where}: {len(self.stages)} stages but {len(self.greens_s)} greens",)
        unknown = [s for s in self.stages if not 0 <= s < len(junction.stages)]
        if unknown:
            return (f"{where}: stage {unknown[0]} does not exist (0 to {len(junction.stages) - 1})",)
        found = []
        if len(set(self.stages)) != len(self.stages):
            found.append(f"{where}: a stage is shown twice in {self.stages}")
        intergreens = Intergreens(network, junction, rules)
        for stage, green_s in zip(self.stages, self.greens_s, strict=True):
            low_s = intergreens.min_green_ms(stage) / 1000
            if not low_s <= green_s <= max(low_s, rules.max_green_s):
                found.append(
                    f"{where}: green of stage {stage} is {green_s:g} s, allowed {low_s:g} to {rules.max_green_s:g} s"
                )
        served = {m for s in self.stages for m in self._green(network, index, s)}
        for movement in junction.movements:
            if movement not in served and any(
                movement in self._green(network, index, s.index) for s in junction.stages
            ):
                link = network.movements[movement].link
                found.append(f"{where}: link {link} never gets green in stages {self.stages}")
        return tuple(found)

    def check(self, network: Network, rules: SignalRules) -> None:
        """Raise InputError with the first problem, if there is one."""
        problems = self.problems(network, rules)
        if problems:
            raise InputError(problems[0])

    def to_sumo(self, network: Network, rules: SignalRules, *, program_id: str) -> str:
        """Return the plan as a SUMO ``tlLogic``; raises InputError where it is not legal.

        SUMO's offset has the same meaning and sign as ours.
        """
        self.check(network, rules)
        junction = network.junctions[network.junction_index(self.junction_id)]
        intergreens = Intergreens(network, junction, rules)
        head = f'<tlLogic id={quoteattr(self.junction_id)} type="static" programID={quoteattr(program_id)}'
        lines = [f'{head} offset="{self.offset_s:g}">']
        for place, (stage, green_s) in enumerate(zip(self.stages, self.greens_s, strict=True)):
            lines.append(f'  <phase duration="{green_s:g}" state="{junction.stages[stage].state}"/>')
            following = self.stages[(place + 1) % len(self.stages)]
            steps = intergreens.steps(stage, following) if following != stage else ()
            lines += [f'  <phase duration="{ms / 1000:g}" state="{state}"/>' for state, ms in steps]
        return "\n".join([*lines, "</tlLogic>"])

    def _intergreens_s(self, network: Network, rules: SignalRules) -> list[float]:
        junction = network.junctions[network.junction_index(self.junction_id)]
        intergreens = Intergreens(network, junction, rules)
        following = (*self.stages[1:], *self.stages[:1])
        return [intergreens.length_s(a, b) for a, b in zip(self.stages, following, strict=True) if a != b]

    @staticmethod
    def _green(network: Network, junction: int, stage: int) -> set[int]:
        state = network.junctions[junction].stages[stage]
        return {m for m in network.junctions[junction].movements if state.is_green(network.movements[m].link)}
