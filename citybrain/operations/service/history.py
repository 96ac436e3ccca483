"""What junctions have shown over the last minutes, and why."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from citybrain.messages import Event
from citybrain.network.model import GREEN, Network
from citybrain.operations.details import Alternative, CorridorGeometry, LampSpan, Reason
from citybrain.operations.live.reports import Hello, TickReport
from citybrain.operations.messages import LEVELS

_KEEP_S = 900.0
_REASONS = 40
_SOURCES = {"priority-granted": "emergency", "priority-ended": "emergency"}


class History:
    """Lamps and reasons by junction, fifteen minutes of them."""

    def __init__(self, network: Network, hello: Hello) -> None:
        self._network = network
        n = len(network.junctions)
        self.lamps = list(hello.lamps)
        self._since_s = [hello.time_ms / 1000] * n
        self._spans: list[deque[LampSpan]] = [deque() for _ in range(n)]
        self._level = [0] * n
        self.reasons: list[deque[Reason]] = [deque(maxlen=_REASONS) for _ in range(n)]
        self._stage_of = [{stage.state: stage.index for stage in j.stages} for j in network.junctions]

    def note(self, report: TickReport) -> None:
        """Take note of a tick."""
        now_s = report.time_ms / 1000
        for j, state in report.lamps:
            if state != self.lamps[j]:
                self._close(j, now_s)
                self.lamps[j], self._since_s[j] = state, now_s
            self._level[j] = int(report.level[j])
        for event in report.events:
            j = self._network.junction_index(event.junction_id) if event.junction_id else -1
            reason = _reason(event) if j >= 0 else None
            if reason is not None:
                self.reasons[j].append(reason)

    def _close(self, j: int, now_s: float) -> None:
        spans = self._spans[j]
        if now_s > self._since_s[j]:
            spans.append(self._span(j, now_s))
        while spans and (spans[0].end_s or 0.0) < now_s - _KEEP_S:
            spans.popleft()

    def _span(self, j: int, end_s: float | None) -> LampSpan:
        return LampSpan(
            stage=self._stage_of[j].get(self.lamps[j], -1),
            lamps=self.lamps[j],
            begin_s=self._since_s[j],
            end_s=end_s,
            level=LEVELS[self._level[j]],
        )

    def spans(self, j: int) -> tuple[LampSpan, ...]:
        """Return what a junction has shown, the oldest first, what it shows now last."""
        return (*self._spans[j], self._span(j, None))

    def greens(self, corridor: CorridorGeometry, since_s: float) -> tuple[tuple[tuple[float, float | None], ...], ...]:
        """Return by junction of a corridor when the way along it was green."""
        network = self._network
        edges = [network.edge_index(edge) for edge in corridor.edges]
        onward = set(itertools.pairwise(edges))
        found = []
        for name in corridor.junctions:
            junction = network.junctions[network.junction_index(name)]
            links = {
                m.link
                for m in (network.movements[k] for k in junction.movements)
                if not m.is_crossing and (network.lanes[m.from_lane].edge, network.lanes[m.to_lane].edge) in onward
            }
            found.append(_merged([s for s in self.spans(junction.index) if (s.end_s or 1e18) > since_s], links))
        return tuple(found)


def _merged(spans: Sequence[LampSpan], links: set[int]) -> tuple[tuple[float, float | None], ...]:
    greens: list[tuple[float, float | None]] = []
    for span in spans:
        if not links or not any(span.lamps[link] in GREEN for link in links):
            continue
        if greens and greens[-1][1] == span.begin_s:
            greens[-1] = (greens[-1][0], span.end_s)
        else:
            greens.append((span.begin_s, span.end_s))
    return tuple(greens)


def _reason(event: Event) -> Reason | None:
    """Return an event as a reason, where it is one."""
    data: Mapping[str, Any] = event.data
    if event.kind == "decision":
        return Reason(
            time_s=event.time_s,
            source="adaptive",
            shown=int(data.get("shown", -1)),
            chosen=int(data.get("chosen", -1)),
            because=str(data.get("because", data.get("why", ""))),
            horizon_s=data.get("horizon_s"),
            alternatives=tuple(
                Alternative(stage=int(a["stage"]), predicted_delay_veh_s=float(a["predicted_delay_veh_s"]))
                for a in data.get("alternatives", ())
            ),
            note=str(data.get("without_data", "")),
        )
    if event.kind == "refusal":
        return Reason(
            time_s=event.time_s, source="interlock", shown=-1, chosen=int(data.get("requested", -1)),
            because=str(data.get("reason", "")),
        )  # fmt: skip
    if event.kind in ("action", "action-ended"):
        how = f" ({data['how']})" if "how" in data else ""
        note = f"{data['why']} – {data['who']}" if "why" in data else ""
        return Reason(
            time_s=event.time_s,
            source="operator",
            shown=-1,
            chosen=-1,
            because=f"{data.get('what', '')}{how}",
            note=note,
        )
    if event.kind in _SOURCES:
        who = str(data.get("vehicle", data.get("what", "")))
        return Reason(
            time_s=event.time_s,
            source=_SOURCES[event.kind],
            shown=-1,
            chosen=int(data.get("stage", -1)),
            because=f"{event.kind.replace('-', ' ')}: {who}" + (f" ({data['how']})" if "how" in data else ""),
        )
    return None
