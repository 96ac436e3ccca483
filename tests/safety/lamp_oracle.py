"""Watches the lamps of one junction and knows nothing of how the interlock works.

It is told what a junction shows at every step and keeps, link by link, when
each lamp last changed. Every rule is checked on those times alone, with
formulas written again from the documentation.
"""

from __future__ import annotations

import math

from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Junction, Network

_SLACK_MS = 0.5  # requirements in seconds need not be whole milliseconds


class LampOracle:
    """Collects ``violations`` of the rules, one line each."""

    def __init__(self, network: Network, junction: Junction, rules: SignalRules, *, step_ms: int) -> None:
        self.junction, self.rules, self.step_ms = junction, rules, step_ms
        n = junction.n_links
        own = [network.movements[m] for m in junction.movements]
        self.crossing = [any(m.is_crossing for m in own if m.link == i) for i in range(n)]
        self.foes = [[j for j in range(n) if junction.conflicts[i, j]] for i in range(n)]
        self.yellow_ms = [self._yellow_ms([m for m in own if m.link == i]) for i in range(n)]
        self.clear_ms = [self._clear_ms([m for m in own if m.link == i]) for i in range(n)]
        # the end of an intergreen may look like the stage that follows
        green_ms = 1000 * max(rules.max_green_s, rules.min_green_s, rules.min_walk_s)
        self.longest_ms = green_ms + max(self.clear_ms) + 1000
        self.shown = ""
        self.since_ms = 0
        self.lamp_ms = [-(10**9)] * n  # when each link's lamp last changed
        self.green_ms = [-(10**9)] * n  # when it last became green
        self.unmeasured = [True] * n  # its green began before it was watched
        self.lost_ms = [-(10**9)] * n  # when it last stopped being green
        self.red_ms = [-(10**9)] * n  # when its yellow, or its green without one, last ended
        self.was_protected = [False] * n
        self.changes = 0
        self.seen: set[str] = set()
        self.violations: list[str] = []

    def _yellow_ms(self, movements: list) -> float:
        speeds = [m.speed_mps for m in movements if not m.is_crossing]
        if not speeds and movements:
            return 0.0
        if self.rules.yellow_s is not None:
            return 1000 * self.rules.yellow_s
        return 1000.0 * min(6, max(3, math.floor(1 + max(speeds, default=5.0) / 6 + 0.5)))

    def _clear_ms(self, movements: list) -> float:
        """From the loss of green for pedestrians, from red for vehicles."""
        walks = [1000 * m.path_m / self.rules.walking_speed_mps for m in movements if m.is_crossing]
        drives = [m for m in movements if not m.is_crossing]
        if self.rules.all_red_s is not None:
            return max([*walks, 0.0 if movements and not drives else 1000 * self.rules.all_red_s])
        if not movements:  # a tram or a bicycle: 15 m at 5 m/s
            return 3000.0
        return max([*walks, *(min(30e3, 1000 * ((m.path_m + 5) / max(m.speed_mps, 9.0) - 1)) for m in drives), 0.0])

    def show(self, state: str, time_ms: int) -> None:
        """Note what is shown from ``time_ms`` on."""
        if state == self.shown:
            green = any(state == stage.state for stage in self.junction.stages)
            if green and len(self.junction.stages) > 1 and time_ms - self.since_ms > self.longest_ms + self.step_ms:
                self._note(time_ms, "shown for more than the maximum green")
            return
        before, self.shown, self.since_ms = self.shown, state, time_ms
        self.seen.add(state)
        if before:
            self.changes += 1
            for link, (old, new) in enumerate(zip(before, state, strict=True)):
                if old != new:
                    self._changed(link, old, new, time_ms)
        else:
            self.was_protected = [lamp == "G" for lamp in state]
        self._conflicting(state, time_ms)
        if before:
            for link, (old, new) in enumerate(zip(before, state, strict=True)):
                if (old not in "Gg" and new in "Gg") or (old == "g" and new == "G") or (old != "o" and new == "o"):
                    self._gained(link, time_ms)

    def _changed(self, link: int, old: str, new: str, time_ms: int) -> None:
        lasted_ms = time_ms - self.lamp_ms[link]
        if old in "Gg" and new not in "Gg":
            self.lost_ms[link] = time_ms
            self.was_protected[link] = old == "G"
            low_ms = 1000 * max(self.rules.min_green_s, self.rules.min_walk_s if self.crossing[link] else 0.0)
            if not self.unmeasured[link] and time_ms - self.green_ms[link] < low_ms:
                self._note(time_ms, f"link {link} was green for {time_ms - self.green_ms[link]} of {low_ms:g} ms")
            if not self.crossing[link] and new != "y" and self.yellow_ms[link] > 0:
                self._note(time_ms, f"link {link} went from {old} to {new} without yellow")
            if self.crossing[link] and new == "y":
                self._note(time_ms, f"crossing {link} shows yellow")
        if old == "y":
            if lasted_ms < self.yellow_ms[link] - _SLACK_MS:
                self._note(time_ms, f"yellow of link {link} lasted {lasted_ms} of {self.yellow_ms[link]:g} ms")
            if new not in "rs":
                self._note(time_ms, f"link {link} went from yellow to {new}")
        if new == "y" and old not in "Ggo":
            self._note(time_ms, f"link {link} went from {old} to yellow")
        if new in "Gg" and old not in "Gg":
            self.green_ms[link], self.unmeasured[link] = time_ms, False
        if old == "o":
            self.lost_ms[link], self.was_protected[link] = time_ms, False
            if lasted_ms < 1000 * self.rules.min_green_s - _SLACK_MS:
                self._note(time_ms, f"link {link} flashed for {lasted_ms} ms only")
            if new != "y" and not self.crossing[link] and self.yellow_ms[link] > 0:
                self._note(time_ms, f"link {link} went from flash to {new} without a steady yellow")
            if new != "r" and (self.crossing[link] or self.yellow_ms[link] == 0):
                self._note(time_ms, f"link {link} went from flash to {new}")
        if new == "o" and old != "r":
            self._note(time_ms, f"link {link} went from {old} to flash without red")
        if old in "Ggyo" and new not in "Ggyo":
            self.red_ms[link] = time_ms
        self.lamp_ms[link] = time_ms

    def _conflicting(self, state: str, time_ms: int) -> None:
        if "o" in state and set(state) != {"o"}:
            self._note(time_ms, "some lamps flash and others do not")
        for i, lamp in enumerate(state):
            if lamp != "G":
                continue
            for j in self.foes[i]:
                if state[j] == "G":
                    self._note(time_ms, f"conflicting links {i} and {j} are both G")
                if state[j] == "y" and self.was_protected[j]:
                    self._note(time_ms, f"link {i} is G while conflicting link {j}, protected before, is yellow")

    def _gained(self, link: int, time_ms: int) -> None:
        for foe in self.foes[link]:
            lamp = self.shown[foe]
            if lamp == "y":
                self._note(time_ms, f"link {link} turns green while conflicting link {foe} is yellow")
            if lamp in "Ggy":
                continue
            # in flash both sides look out for each other, but those who had green before must have left
            from_ms = self.lost_ms[foe] if self.crossing[foe] else self.red_ms[foe]
            if self.lost_ms[foe] > -(10**9) and time_ms - from_ms < self.clear_ms[foe] - _SLACK_MS:
                self._note(
                    time_ms,
                    f"link {link} turns green {time_ms - from_ms} ms after conflicting link {foe} cleared, "
                    f"not {self.clear_ms[foe]:g}",
                )

    def _note(self, time_ms: int, what: str) -> None:
        self.violations.append(f"{time_ms} ms, junction {self.junction.id}, {self.shown}: {what}")
