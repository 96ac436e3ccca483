"""Plug-ins that misbehave, installed beside the package as any third party's would be."""

from __future__ import annotations

from pathlib import Path

SOURCE = '''
import os, signal, sys, time
import numpy as np
from citybrain.messages import Decision
from citybrain.signals.max_wave import MaxWave


class Rogue(MaxWave):
    def __init__(self, *, after_s=60.0, interval_s=5.0):
        super().__init__(interval_s=interval_s)
        self.after_s = after_s

    def decide(self, observation):
        decision = super().decide(observation)
        return self.turn(decision) if observation.time_s >= self.after_s else decision

    def turn(self, decision):
        return decision


class Hangs(Rogue):
    def turn(self, decision):
        time.sleep(1000)

class Spins(Rogue):
    def turn(self, decision):
        while True:
            pass

class Raises(Rogue):
    def turn(self, decision):
        raise ZeroDivisionError("two\\nlines")

class Exits(Rogue):
    def turn(self, decision):
        sys.exit(3)

class Dies(Rogue):
    def turn(self, decision):
        os.kill(os.getpid(), signal.SIGKILL)

class Eats(Rogue):
    def turn(self, decision):
        self.food = [np.ones(10_000_000) for _ in range(1000)]

class AsksForStage99(Rogue):
    def turn(self, decision):
        return Decision(time_s=decision.time_s, stage=np.full_like(decision.stage, 99))

class AsksForTooFew(Rogue):
    def turn(self, decision):
        return Decision(time_s=decision.time_s, stage=decision.stage[:-1])

class AsksForHalves(Rogue):
    def turn(self, decision):
        return Decision(time_s=decision.time_s, stage=decision.stage + 0.5)

class AnswersNothing(Rogue):
    def turn(self, decision):
        return None

class Fidgets(Rogue):
    """Never content: asks for another stage each second. It is refused, not replaced."""
    def turn(self, decision):
        return Decision(time_s=decision.time_s, stage=(decision.stage + int(decision.time_s)) % 2)

class Tampers(Rogue):
    """Declares all conflicts void, in its own copy."""
    def start(self, network, rules):
        super().start(network, rules)
        for junction in network.junctions:
            object.__setattr__(junction, "conflicts", np.zeros_like(junction.conflicts))

class Counts(Rogue):
    """Well-behaved: says what it was told."""
    def decide(self, observation):
        decision = super().decide(observation)
        told = float(observation.passed.sum())
        return Decision(time_s=decision.time_s, stage=decision.stage, reasons={0: {"passed": told}})

class Hasty(Rogue):
    def start(self, network, rules):
        raise RuntimeError("not today")

class NoInterval(Rogue):
    def start(self, network, rules):
        super().start(network, rules)
        self.interval_s = 0.0

class NeedsMore:
    def __init__(self, *, must):
        pass

class AllGreen:
    def programs(self, network, rules):
        phases = lambda j: '<phase duration="30" state="' + "G" * j.n_links + '"/>'
        return "<additional>" + "".join(f'<tlLogic id="{j.id}" programID="x" offset="0" type="static">{phases(j)}</tlLogic>' for j in network.junctions) + "</additional>"

class NoPrograms:
    def programs(self, network, rules):
        return None
'''


def install(site: Path) -> None:
    """Write the package and its entry points into ``site``."""
    info = site / "rogues-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "rogue_plugins.py").write_text(SOURCE, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rogues\nVersion: 1.0\n", encoding="utf-8")
    names = [line.split()[1].split("(")[0].rstrip(":") for line in SOURCE.splitlines() if line.startswith("class ")]
    points = "\n".join(f"{name} = rogue_plugins:{name}" for name in names)
    (info / "entry_points.txt").write_text(
        f"[citybrain.policies]\n{points}\nMissing = rogue_plugins:Missing\n", encoding="utf-8"
    )
