"""The section ``incidents`` of ``results.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from citybrain.evaluation.incidents.lookout import OURS
from citybrain.evaluation.incidents.measures import Score
from citybrain.evaluation.incidents.recording import Recorded
from citybrain.evaluation.incidents.watch import Watched


def response_saving_pct(
    hits: Sequence[Recorded], cleans: Mapping[Any, Recorded], answers: Sequence[Recorded]
) -> float | None:
    """Return the share of the extra time that incidents cost which the response saves; None where none was tried.

    The time that all vehicles spend on the road or waiting for room outside, in the run with incidents less
    that of its incident-free pair, against the same with the response; summed over the pairs.
    """
    cost = left = 0.0
    for answer in answers:
        hit = next((run for run in hits if run.pair == answer.pair and run.specs == answer.specs), None)
        if hit is not None:
            usual_s = cleans[answer.pair].time_spent_s
            cost += hit.time_spent_s - usual_s
            left += answer.time_spent_s - usual_s
    return 100 * (1 - left / cost) if cost > 0 else None


def section(
    name: str, scores: dict[tuple[str, str], Score], watched: Sequence[Watched], saving_pct: float | None
) -> dict[str, Any]:
    """Return the section of one sensor set: ``discharge`` at its threshold, and the peers beside it."""
    return {
        **_figures(scores[name, OURS]),
        "response_saving_pct": saving_pct,
        "step_ms": 1000 * float(np.mean([run.detect_s[name] for run in watched])),
        "peers": {
            kind: _figures(found) for (sensors, kind), found in scores.items() if sensors == name and kind != OURS
        },
    }


def _figures(found: Score) -> dict[str, Any]:
    return {
        "detection_rate_pct": found.rate_pct,
        "detection_rate_affecting_pct": found.affecting_pct,
        "false_alarms_per_day": found.false_per_day,
        "precision_pct": found.precision_pct,
        "mttd_s": found.mttd_s,
        "mttd_all_s": found.mttd_all_s,
        "mttd_in_sight_s": found.mttd_in_sight_s,
        "location_right_pct": found.right_pct,
        "incidents": found.incidents,
        "affecting": found.affecting,
        "affecting_in_sight": found.in_sight,
        "clean_false_alarms": found.clean_false_alarms,
        "clean_hours": found.watched_s / 3600,
        "threshold": found.threshold,
    }
