"""When a loop that says nothing counts as lost."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from citybrain.operations.service.follower import patience_s


@pytest.mark.parametrize(
    ("step_s", "tick_ms", "patience"),
    [
        (0.2, 100.0, 1.7),  # as soon as the promise of two seconds asks
        (1.0, 300.0, 2.5),
        (0.2, 1900.0, 3.4),  # ticks of two seconds: late, not lost
    ],
)
def test_slow_ticks_are_late_and_not_lost(step_s, tick_ms, patience):
    assert patience_s(step_s, SimpleNamespace(tick_ms=tick_ms)) == pytest.approx(patience)
