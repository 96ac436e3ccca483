"""How well a model fits counts and speeds: GEH, speed errors, and the files of a calibration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from citybrain.demand.counts import Count, geh
from citybrain.demand.speeds import Speed

GOOD_GEH = 5.0
GOOD_SPEED_ERROR = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class CountFit:
    """A count beside what the model had there."""

    count: Count
    modelled_vph: float

    @property
    def geh(self) -> float:
        """GEH statistic of the two hourly flows."""
        return geh(self.modelled_vph, self.count.vph)

    def as_dict(self) -> dict[str, Any]:
        """Return a row of the report."""
        count = self.count
        return {
            "edge": count.edge, "begin_s": count.begin_s, "end_s": count.end_s, "counted_vph": round(count.vph, 1),
            "modelled_vph": round(self.modelled_vph, 1), "geh": round(self.geh, 2),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedFit:
    """A measured speed beside the model's; None where nobody drove in the model."""

    speed: Speed
    modelled_kmh: float | None

    @property
    def error(self) -> float | None:
        """Relative error of the model, positive if it is too fast."""
        return None if self.modelled_kmh is None else self.modelled_kmh / self.speed.speed_kmh - 1.0

    def as_dict(self) -> dict[str, Any]:
        """Return a row of the report."""
        speed = self.speed
        return {
            "edge": speed.edge, "begin_s": speed.begin_s, "end_s": speed.end_s, "measured_kmh": speed.speed_kmh,
            "modelled_kmh": None if self.modelled_kmh is None else round(self.modelled_kmh, 1),
            "error_pct": None if self.error is None else round(100 * self.error, 1),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How one demand fits all counts and speeds."""

    vehicles: int
    counts: tuple[CountFit, ...] = ()
    speeds: tuple[SpeedFit, ...] = ()

    @property
    def mean_geh(self) -> float | None:
        """Mean GEH of the counts."""
        return sum(c.geh for c in self.counts) / len(self.counts) if self.counts else None

    @property
    def good_geh_share(self) -> float | None:
        """Share of the counts with a GEH below 5."""
        return sum(c.geh < GOOD_GEH for c in self.counts) / len(self.counts) if self.counts else None

    @property
    def mean_speed_error(self) -> float | None:
        """Mean absolute relative error of the speeds that the model has."""
        errors = [abs(s.error) for s in self.speeds if s.error is not None]
        return sum(errors) / len(errors) if errors else None

    @property
    def speed_bias(self) -> float | None:
        """Mean relative error of the speeds, positive if the model is too fast."""
        errors = [s.error for s in self.speeds if s.error is not None]
        return sum(errors) / len(errors) if errors else None

    @property
    def score(self) -> float:
        """Root of the mean squares of GEH over 5 and speed error over 10 %; below 1 is good.

        A speed that the model cannot give, because nobody drove there, counts as an error of 100 %.
        """
        parts = [(c.geh / GOOD_GEH) ** 2 for c in self.counts]
        parts += [((1.0 if s.error is None else s.error) / GOOD_SPEED_ERROR) ** 2 for s in self.speeds]
        return math.sqrt(sum(parts) / len(parts)) if parts else 0.0

    def summary(self) -> dict[str, Any]:
        """Return the means, for the report and the console."""

        def pct(share: float | None) -> float | None:
            return None if share is None else round(100 * share, 1)

        return {
            "vehicles": self.vehicles,
            "mean_geh": None if self.mean_geh is None else round(self.mean_geh, 2),
            "geh_below_5_pct": pct(self.good_geh_share),
            "mean_speed_error_pct": pct(self.mean_speed_error),
            "speed_bias_pct": pct(self.speed_bias),
            "score": round(self.score, 3),
        }


def report(fits: tuple[Fit, ...], best: int, **facts: Any) -> dict[str, Any]:
    """Return the content of ``calibration.json``."""
    kept = fits[best]
    return {
        **facts,
        "before": fits[0].summary(),
        "after": kept.summary(),
        "rounds": [fit.summary() for fit in fits],
        "kept_round": best,
        "counts": [
            {**now.as_dict(), "geh_before": round(was.geh, 2)}
            for was, now in zip(fits[0].counts, kept.counts, strict=True)
        ],
        "speeds": [fit.as_dict() for fit in kept.speeds],
    }
