"""Who comes to a place of counting: what share of those whom each feeder sends, and how many from elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.feeders import RING_S, Feeders

_OTHERS_MEMORY_S, _MEMORY_S = 1800.0, 7200.0
_PRIOR_SENT = 3.0
_PRIOR_OTHERS, _PRIOR_S = 0.5, 300.0
_STRAY_NATS = (3.5, 6.0)
"""At least ln(1/0.03): of those from elsewhere, too, few set out beyond the place of an incident."""
_HELD_UP = 1.5
"""How much longer than the slowest a whole platoon may take behind somebody who is slower still."""
_FEW_VPS = 1 / 600
_COUNTED = 0.75
_COUNTED_S = 900.0


class Inflow:
    """Arrivals at each link as a sum of thinned flows, told apart by when they come (online expectation-maximisation).

    Of those counted by feeder *f*, each comes with a chance p_f between d₁ and d₂ after; others come at a rate λ. An
    arrival is credited to feeders and to others as their intensities at that moment are to each other, and p_f and λ are what
    was credited over what was sent, or over time. Vehicles that park or turn off on the way lower p_f, those
    from side roads raise λ: their sum alone would hide both.

    Attributes
    ----------
    chance : ndarray of float64, by pair of feeder and link
        p_f.
    others_vps : ndarray of float64, by link
        λ.
    must, could : ndarray of float64, by link
        How many are expected to have come since the start, if all are slow, and if all are fast.
    must_nats, could_nats : ndarray of float64, by link
        The same in −ln(1 − p_f) each: how improbable it is that none of them comes.
    surely_nats : ndarray of float64, by link
        The same as ``must_nats`` if all are held up by somebody very slow ahead of them.
    stray_nats : ndarray of float64, by link
        What those who came in the last step take off the evidence of a blocked road: −ln of the chance that they came from
        elsewhere, and what their own not coming would be worth.
    blind : ndarray of bool, by link
        Whether many come by ways on which nobody counts.
    """

    def __init__(self, feeders: Feeders, n_links: int) -> None:
        self._f, self._n = feeders, n_links
        n = len(feeders.link)
        self._rows = np.arange(n)
        self._sent, self._expected, self._nats = (np.zeros((RING_S, n)) for _ in range(3))
        self._held_up = np.minimum(np.ceil(_HELD_UP * feeders.last), RING_S - 1).astype(np.int64)
        self._width_s = np.maximum(feeders.last - feeders.first, 1).astype(np.float64)
        self._prior = _PRIOR_SENT * feeders.chance
        self._credit, self._counted, self._last_sent = np.zeros(n), np.zeros(n), np.zeros(n)
        self._new_credit, self._new_counted = np.zeros(n), np.zeros(n)
        self._other, self._time_s = np.zeros(n_links), np.zeros(n_links)
        self._new_other, self._new_s = np.zeros(n_links), np.zeros(n_links)
        self._came_vps, self._sure_vps = np.zeros(n_links), np.zeros(n_links)  # sure: sent, each by its chance to come
        self._all_in, self._all_left = np.zeros(n_links), np.zeros(n_links)
        self._step = 0
        self.must, self.could = np.zeros(n_links), np.zeros(n_links)
        self.must_nats, self.could_nats, self.surely_nats = np.zeros(n_links), np.zeros(n_links), np.zeros(n_links)
        self.stray_nats = np.zeros(n_links)

    @property
    def age_s(self) -> float:
        """For how long it has watched; steps are taken to be one second long."""
        return float(self._step)

    @property
    def chance(self) -> NDArray[np.float64]:
        """p_f."""
        return np.asarray(np.minimum((self._credit + self._prior) / (self._counted + _PRIOR_SENT), self._f.surest))

    @property
    def others_vps(self) -> NDArray[np.float64]:
        """λ; no more than come beyond those who were sent and are believed to come: who comes late is none of the others."""
        learnt = (self._other + _PRIOR_OTHERS) / (self._time_s + _PRIOR_S)
        return np.asarray(np.minimum(learnt, np.maximum(self._came_vps - self._sure_vps, 0.0) + _FEW_VPS))

    @property
    def others_known_s(self) -> NDArray[np.float64]:
        """For how long λ has been watched, as far as that is remembered."""
        return self._time_s + _PRIOR_S

    @property
    def share(self) -> NDArray[np.float64]:
        """Return by link which share of those sent comes."""
        sent = np.bincount(self._f.link, self._counted + 0.1, self._n)
        return np.asarray(
            np.bincount(self._f.link, (self._counted + 0.1) * self.chance, self._n) / np.maximum(sent, 0.1)
        )

    @property
    def blind(self) -> NDArray[np.bool_]:
        """Whether the loops upstream count far fewer than leave the link."""
        return np.asarray(self._all_in < _COUNTED * self._all_left)

    def step(
        self,
        sent: NDArray[np.float64],
        came: NDArray[np.float64],
        counted: NDArray[np.float64],
        left: NDArray[np.float64],
    ) -> None:
        """Take in one second.

        Parameters
        ----------
        sent : ndarray of float64, by pair
            Vehicles counted by the feeder.
        came, counted, left : ndarray of float64, by link
            Vehicles that came to the place of counting, those of them that were counted there, and those that left over
            the stop lines.
        """
        f = self._f
        now, last = self._step % RING_S, (self._step - 1) % RING_S
        chance = self.chance
        each = np.maximum(np.ceil(sent), 1.0)
        self._sent[now] = self._sent[last] + sent
        self._expected[now] = self._expected[last] + sent * chance
        self._nats[now] = self._nats[last] - each * np.log1p(-chance * np.minimum(sent / each, 1.0))
        slow, fast = (now - f.last) % RING_S, (now - f.first) % RING_S
        must, could = self._expected[slow, self._rows], self._expected[fast, self._rows]
        must_nats, could_nats = self._nats[slow, self._rows], self._nats[fast, self._rows]
        self.must, self.could = self._by_link(must), self._by_link(could)
        self.must_nats, self.could_nats = self._by_link(must_nats), self._by_link(could_nats)
        self.surely_nats = self._by_link(self._nats[(now - self._held_up) % RING_S, self._rows])
        intensity = (could - must) / self._width_s
        others = self.others_vps
        from_feeders = self._by_link(intensity)
        each_of = came / (from_feeders + others)
        nobodys = self._by_link((could_nats - must_nats) / self._width_s) / (from_feeders + others)
        self.stray_nats = came * (np.clip(np.log1p(from_feeders / others), *_STRAY_NATS) + nobodys)
        self._new_credit += intensity * each_of[f.link]
        self._new_other += others * each_of
        over = self._sent[slow, self._rows]
        pace = 1.0 / min(self._step + 1, _OTHERS_MEMORY_S)
        self._came_vps += pace * (came - self._came_vps)
        self._sure_vps += pace * (self._by_link((over - self._last_sent) * chance) - self._sure_vps)
        self._new_counted += over - self._last_sent
        self._last_sent = over
        self._new_s += 1.0
        self._step += 1
        pace = 1.0 / min(self._step, _COUNTED_S)
        self._all_in += pace * (counted - self._all_in)
        self._all_left += pace * (left - self._all_left)

    def forget_on_the_way(self) -> None:
        """Wait for nobody who was sent until now."""
        last = (self._step - 1) % RING_S
        for ring in (self._sent, self._expected, self._nats):
            ring[:] = ring[last]
        self._last_sent = self._sent[last]
        for new in (self._new_credit, self._new_counted, self._new_other, self._new_s):
            new[:] = 0.0

    def learn(self, over: NDArray[np.bool_], usual: NDArray[np.bool_]) -> None:
        """Take what was seen since the time before as usual, where that is over; else wait, or forget it.

        Parameters
        ----------
        over : ndarray of bool, by link
            Where no silence goes on: a road that is blocked must not come to seem a quiet one.
        usual : ndarray of bool, by link
            Where what is over was no incident, nor a queue over the place of counting.
        """
        kept = over & usual
        past_s = np.where(kept, self._new_s, 0.0)
        for total, new, link, memory_s in (
            (self._credit, self._new_credit, self._f.link, _MEMORY_S),
            (self._counted, self._new_counted, self._f.link, _MEMORY_S),
            (self._other, self._new_other, slice(None), _OTHERS_MEMORY_S),
            (self._time_s, self._new_s, slice(None), _OTHERS_MEMORY_S),
        ):
            total[:] = total * np.exp(-past_s / memory_s)[link] + np.where(kept[link], new, 0.0)
            new[over[link]] = 0.0

    def _by_link(self, of_pair: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(self._f.link, of_pair, self._n).astype(np.float64)
