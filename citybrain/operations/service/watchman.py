"""What of a room is worth an alarm."""

from __future__ import annotations

from citybrain.network.model import Network
from citybrain.operations.live.reports import TickReport
from citybrain.operations.messages import LEVELS
from citybrain.operations.service.alarms import Alarms
from citybrain.operations.service.ledger import utc

_SURE = 0.6


class Watchman:
    """Raises and clears the alarms of a room."""

    def __init__(self, alarms: Alarms, network: Network) -> None:
        self._alarms, self._names = alarms, [junction.id for junction in network.junctions]
        self._late = 0

    def look(self, report: TickReport) -> None:
        """Take note of a tick."""
        now_s, when, state = report.time_ms / 1000, utc(report.when_s), self._alarms.state
        state(
            "policy", "", on=report.policy != "ok", severity="critical", time_s=now_s, when=when,
            text=f"The policy is {report.policy}; junctions follow their plans until it is back."
            + (f" What happened: {report.policy_why}." if report.policy_why and report.policy != "late" else ""),
            data={"status": report.policy, "why": report.policy_why},
        )  # fmt: skip
        clock_ok = not any(given.kind == "clock" and not given.data["ok"] for given in report.inputs)
        if not clock_ok or any(given.kind == "clock" for given in report.inputs):
            state(
                "clock", "", on=not clock_ok, time_s=now_s, when=when, data={"drift_s": round(report.drift_s, 1)},
                text="The computer's clock jumped; plans of the time of day are not trusted for a while.",
            )  # fmt: skip
        self._late = max(0, self._late - 1) + 10 * report.late
        state(
            "late", "", on=self._late > 20, time_s=now_s, when=when, data={"tick_ms": round(report.tick_ms)},
            text=f"Ticks take too long (the last one {report.tick_ms:.0f} ms); lower the speed or use a faster computer.",
        )  # fmt: skip
        self._sensors(report, now_s, when)
        self._flash(report, now_s, when)
        self._calls(report, now_s, when)
        self._incidents(report, now_s, when)

    def _by_place(
        self, kind: str, places: frozenset[str], now_s: float, when: str, text: str, *, critical: bool
    ) -> None:
        for where in places - self._alarms.open_at(kind):
            self._alarms.state(
                kind, where, on=True, severity="critical" if critical else "warning", text=text.format(where),
                time_s=now_s, when=when,
            )  # fmt: skip
        for where in self._alarms.open_at(kind) - places:
            self._alarms.state(kind, where, on=False, time_s=now_s, when=when)

    def _sensors(self, report: TickReport, now_s: float, when: str) -> None:
        dead = frozenset(self._names[j] for j in report.sensors_dead.nonzero()[0].tolist())
        self._by_place("sensors", dead, now_s, when, "All sensors of junction {} are dead.", critical=False)

    def _flash(self, report: TickReport, now_s: float, when: str) -> None:
        flashing = frozenset(
            self._names[j] for j in (report.level == LEVELS.index("flash")).nonzero()[0].tolist() if j in report.because
        )
        self._by_place("flash", flashing, now_s, when, "Junction {} is in flash.", critical=True)

    def _calls(self, report: TickReport, now_s: float, when: str) -> None:
        on_call = {call.vehicle_id: call for call in report.calls}
        for name in on_call.keys() - self._alarms.open_at("emergency"):
            call = on_call[name]
            self._alarms.state(
                "emergency", name, on=True, severity="info", time_s=now_s, when=when,
                text=f"Emergency vehicle {name} ({call.role}) is under way to {call.destination}.",
                data={"role": call.role, "destination": call.destination},
            )  # fmt: skip
        for name in self._alarms.open_at("emergency") - on_call.keys():
            self._alarms.state("emergency", name, on=False, time_s=now_s, when=when)

    def _incidents(self, report: TickReport, now_s: float, when: str) -> None:
        known = {one.id: one for one in report.incidents if one.state in ("suspected", "accepted")}
        sure = {name for name, one in known.items() if one.confidence >= _SURE or one.state == "accepted"}
        for name in sure - self._alarms.open_at("incident"):
            one = known[name]
            self._alarms.state(
                "incident", name, on=True, time_s=now_s, when=when,
                text=f"Something seems to block {one.edge} ({100 * one.confidence:.0f} % sure).",
                data={"edge": one.edge, "confidence": round(one.confidence, 2)},
            )  # fmt: skip
        for name in self._alarms.open_at("incident") - known.keys():
            self._alarms.state("incident", name, on=False, time_s=now_s, when=when)
