"""How soon loops could know: an oracle that knows who would have come, had there been no incident.

    python benchmarks/incident_bound.py RECORDINGS [VEHICLES]

For each incident that affects traffic, the counts of perfect loops (upstream and at the stop line) of the links on which it may
rightly be reported are compared with those of the incident-free run of the same seed. The oracle reports it when VEHICLES (4) fewer
have come since its onset: a loop that misses 3 % gives ln(1/0.03) = 3.5 nats for each, so that four are 14 nats. No
detector has that knowledge; what it cannot find in time, nobody can by these counts.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents import LinkSigns
from citybrain.detection.loop_field import LoopField
from citybrain.evaluation.incidents.measures import TAIL_S, truths
from citybrain.evaluation.incidents.recording import Recorded, read_recorded
from citybrain.network import Network, read_network
from citybrain.simulation.recording import FILE, ReplayPlant

_UPSTREAM_M = 60.0


def counted(run: Recorded, network: Network, links: LinkSigns) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return times, and by step and link what came over the loops upstream and the stop lines since the start."""
    plant, field, n = (
        ReplayPlant(run.folder, network),
        LoopField(network, links.approaches, _UPSTREAM_M),
        len(links.edge),
    )
    upstream = np.flatnonzero((field.place_m >= 0) & (links.link_of_lane >= 0))
    stops = links.lane[links.is_stop]
    times, rows = [], []
    while not plant.over:
        plant.step()
        said = field.sense(plant.read())
        came = np.bincount(links.link_of_lane[upstream], said.advance_count[upstream], n)
        went = np.bincount(links.link_of_lane[stops], said.stop_count[stops], n)
        times.append(plant.time_ms / 1000)
        rows.append(np.array([came, went], np.int64))
    plant.close()
    return np.array(times), np.cumsum(rows, axis=0)


def main(home: Path, vehicles: int) -> None:
    """Print what the oracle finds, and when."""
    runs = [read_recorded(path.parent) for path in sorted(home.glob(f"*/{FILE}"))]
    clean = {run.pair: run for run in runs if not run.incidents}
    affecting, delays_s = 0, []
    for hit in runs:
        if not hit.incidents:
            continue
        usual = clean[hit.pair]
        network = read_network(hit.net_file, hit.additional_files)
        links = LinkSigns(network)
        times_s, came = counted(hit, network, links)
        _, would_come = counted(usual, network, links)
        for truth in truths(network, hit, usual):
            if not truth.affects:
                continue
            affecting += 1
            here = np.flatnonzero(np.isin(links.edge, list(truth.right)))
            on = np.flatnonzero((times_s >= truth.happened_s) & (times_s <= truth.spec.end_s + TAIL_S))
            lack = (would_come - came)[on][:, :, here] - (would_come - came)[on[0] - 1][:, here]
            known = (lack >= vehicles).any(axis=(1, 2))
            if known.any():
                delays_s.append(float(times_s[on[known.argmax()]] - truth.happened_s))
    found = np.array(delays_s)
    print(f"{vehicles} vehicles: {len(found)} of {affecting} that affect traffic are found")
    if len(found):
        print(f"after {found.mean():.0f} s (median {np.median(found):.0f} s), {(found <= 90).sum()} within 90 s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 4)
