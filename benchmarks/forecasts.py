"""How good flow forecasts are: ``python benchmarks/forecasts.py TODAY EARLIER_DAY [EARLIER_DAY ...]`` (recordings of one period).

Counts are passages of stop lines by road, five minutes each. Beside the forecast stand its two parts alone: the
earlier days as they were, and the last five minutes going on (persistence).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from citybrain.detection.forecast import FlowForecast, geh
from citybrain.evaluation.incidents.recording import read_recorded
from citybrain.network import read_network

INTERVAL_S = 300
AHEAD = (1, 3, 6)
SETTLE = 2


def counts(folder: Path) -> tuple[NDArray[np.float64], float]:
    """Return counts by interval and road, and when they begin."""
    recorded = read_recorded(folder)
    network = read_network(recorded.net_file, recorded.additional_files)
    edge = np.array([network.lanes[m.from_lane].edge if m.from_lane >= 0 else -1 for m in network.movements])
    passed = pq.read_table(folder / "passed.parquet", columns=["time_ms", "movement"])
    begin_s, end_s = recorded.window_s
    n = int((end_s - begin_s) // INTERVAL_S)
    slot = (passed.column("time_ms").to_numpy() / 1000 - begin_s - 1e-3) // INTERVAL_S
    road, use = edge[passed.column("movement").to_numpy()], slot < n
    found = np.zeros((n, len(network.edges)))
    np.add.at(found, (slot[use].astype(np.int64), road[use]), 1.0)
    return found[:, np.unique(edge[edge >= 0])], begin_s


def main(today: Path, earlier: list[Path]) -> None:
    counted, begin_s = counts(today)
    days = []
    for folder in earlier:
        day, day_begin_s = counts(folder)
        if day_begin_s != begin_s:
            sys.exit(
                f"{folder}: begins at {day_begin_s:g} s and {today} at {begin_s:g} s; give recordings of one period"
            )
        days.append(day)
    length = min(len(counted), *map(len, days))
    history = np.stack([day[:length] for day in days])
    for ahead in AHEAD:
        forecast = FlowForecast(history, INTERVAL_S)
        rows: dict[str, list[NDArray[np.float64]]] = {"forecast": [], "earlier days": [], "persistence": []}
        truth = []
        for t in range(length - ahead):
            forecast.update(counted[t])
            if t < SETTLE:
                continue
            rows["forecast"].append(forecast.ahead(ahead))
            rows["earlier days"].append(forecast.usual[t + ahead])
            rows["persistence"].append(counted[t])
            truth.append(counted[t + ahead])
        came = np.array(truth)
        for name, told in rows.items():
            error, fit = np.array(told) - came, geh(12 * np.array(told), 12 * came)
            print(
                f"{ahead * INTERVAL_S // 60} min ahead, {name}: MAE {np.abs(error).mean():.2f} of {came.mean():.1f} vehicles in "
                f"five minutes, GEH under 5: {100 * (fit < 5).mean():.0f} %, mean GEH {fit.mean():.2f} ({came.size} counts)"
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
