"""Pacing: due times, late and missed ticks, and a wall clock that jumps."""

from __future__ import annotations

from citybrain.operations.live.pace import Pacer


class Clocks:
    def __init__(self):
        self.now_s, self.wall_s = 100.0, 5000.0

    def go(self, seconds):
        self.now_s += seconds
        self.wall_s += seconds

    def pacer(self, speed=1.0):
        return Pacer(1.0, speed, clock=lambda: self.now_s, wall=lambda: self.wall_s)


def test_ticks_keep_to_the_beat_however_long_each_takes():
    clocks = Clocks()
    pacer = clocks.pacer(speed=2.0)
    begun = []
    for took_s in (0.1, 0.4, 0.0, 0.3):
        clocks.go(pacer.wait_s())
        begun.append(clocks.now_s - 100.0)
        pacer.begin()
        clocks.go(took_s)
        assert pacer.end()[1] is False
    assert [round(b, 6) for b in begun] == [0.0, 0.5, 1.0, 1.5]
    assert (pacer.late, pacer.missed) == (0, 0)


def test_a_tick_that_takes_too_long_is_late_and_the_next_ones_are_counted_as_missed():
    clocks = Clocks()
    pacer = clocks.pacer()
    pacer.begin()
    clocks.go(3.5)
    took_ms, late = pacer.end()
    assert late
    assert round(took_ms) == 3500
    pacer.begin()
    assert pacer.missed == 2
    assert pacer.wait_s() == 1.0  # the pace is taken up anew: no burst of ticks
    assert pacer.late == 1


def test_as_fast_as_possible_is_never_late():
    clocks = Clocks()
    pacer = clocks.pacer(speed=0)
    pacer.begin()
    clocks.go(10)
    assert pacer.end()[1] is False
    assert pacer.wait_s() == 0.0


def test_a_jump_of_the_wall_clock_shows_and_is_over_after_half_a_minute():
    for jump_s in (3600.0, -3600.0):
        clocks = Clocks()
        pacer = clocks.pacer()
        assert pacer.clock_ok()
        clocks.wall_s += jump_s
        assert not pacer.clock_ok()
        assert pacer.drift_s == jump_s
        assert pacer.wait_s() == 0.0  # the beat does not mind
        for _ in range(30):
            clocks.go(1.0)
            assert not pacer.clock_ok()
        clocks.go(1.0)
        assert pacer.clock_ok()


def test_a_slow_drift_is_no_jump():
    clocks = Clocks()
    pacer = clocks.pacer()
    for _ in range(100):
        clocks.go(1.0)
        clocks.wall_s += 0.2
        assert pacer.clock_ok()
