"""The section ``incidents`` of ``results.json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from citybrain.evaluation.incidents.measures import Score
from citybrain.evaluation.incidents.watch import OURS, Watched


def section(name: str, scores: dict[tuple[str, str], Score], watched: Sequence[Watched]) -> dict[str, Any]:
    """Return the section of one sensor set: ``discharge`` at its threshold, and the peers beside it."""
    return {
        **_figures(scores[name, OURS]),
        "response_saving_pct": None,
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
