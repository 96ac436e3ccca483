"""All figures of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from numpy.typing import NDArray

from citybrain.evaluation.plots import (
    Classes,
    Saving,
    change_classes,
    delay_classes,
    delay_rate,
    plot_change_map,
    plot_delay_distribution,
    plot_delay_map,
    plot_savings,
    plot_seeds,
    plot_speed_map,
    plot_time_series,
    speed_classes,
)
from citybrain.evaluation.report.aggregate import (
    Study,
    delays_s,
    mean_edge_delay_s,
    mean_edge_speed_kmh,
    total_edge_vehicles,
)
from citybrain.evaluation.report.figures import inline_svg
from citybrain.evaluation.report.junctions import JunctionChange
from citybrain.evaluation.report.numbers import has_width
from citybrain.evaluation.report.theme import variable
from citybrain.network.model import Network

_SERIES = (
    ("vehicles", "Vehicles in the network or waiting to enter", "vehicles", ("running", "waiting_to_insert"), 1.0),
    ("halting", "Vehicles standing", "vehicles", ("halting",), 1.0),
    ("waiting", "Vehicles waiting to enter", "vehicles", ("waiting_to_insert",), 1.0),
    ("speed", "Mean speed", "km/h", ("mean_speed_mps",), 3.6),
)
_QUEUE = 5.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure and the policy it shows, if it shows one."""

    svg: Markup
    policy: str = ""


@dataclass(frozen=True, slots=True)
class MapRow:
    """Maps of one kind, one a policy, with the legend that they share."""

    key: str
    title: str
    caption: str
    unit: str
    legend: tuple[tuple[str, str], ...]
    pictures: tuple[Picture, ...] = field(default=())


def savings_pictures(study: Study) -> list[Picture]:
    """Return the forest plots of delay and of travel time; none without a comparison."""
    order = [policy for policy in study.ranking() if study.comparison(policy)]
    if not order:
        return []
    delay, travel = [], []
    for policy in order:
        row, spread = study.comparison(policy), study.saving_pct(policy, "mean_travel_time_s")
        if row is None:
            continue
        enough = row.verdict != "too few seeds"
        delay.append(_saving(policy, row.delay_saved_pct, row.ci95_pct, enough=enough))
        travel.append(_saving(policy, row.travel_time_saved_pct, spread.ci95 if spread else None, enough=enough))
    found = []
    for quantity, savings in (("delay", delay), ("travel time", travel)):
        ax = plot_savings(savings, baseline=study.baseline, policies=study.policies, quantity=quantity)
        text = f"{quantity} saved against {study.baseline} by policy, with 95 % intervals"
        found.append(Picture(inline_svg(ax, name=f"saved-{quantity.replace(' ', '-')}", alternative=text)))
    return found


def _saving(policy: str, mean_pct: float, bounds: tuple[float, float] | None, *, enough: bool) -> Saving:
    known = bounds if bounds is not None and has_width(bounds) else None
    is_clear = enough and known is not None and (known[0] > 0 or known[1] < 0)
    return Saving(policy=policy, mean_pct=mean_pct, ci95_pct=known, is_clear=is_clear)


def delay_pictures(study: Study) -> tuple[Picture, ...]:
    """Return the distribution of delay and the delay by seed."""
    shown = [policy for policy in study.policies if study.records_of(policy)]
    if not shown:
        return ()
    values = {policy: delays_s(study.records_of(policy)) for policy in shown}
    seeds = {policy: [run.mean_delay_s for run in study.good_runs(policy)] for policy in shown}
    return (
        _picture(
            plot_delay_distribution(values, baseline=study.baseline),
            "distribution",
            "cumulative distribution of delay over all loaded vehicles, one line a policy",
        ),
        _picture(plot_seeds(seeds, baseline=study.baseline), "seeds", "mean delay of each run, one row a policy"),
    )


def series_pictures(study: Study) -> list[tuple[str, Picture]]:
    """Return a title and a figure for each quantity over time."""
    shown = [policy for policy in study.policies if study.records_of(policy)]
    found = []
    for name, title, ylabel, columns, factor in _SERIES:
        runs = {
            policy: [
                (r.series["time_s"], factor * np.sum([r.series[column] for column in columns], axis=0))
                for r in study.records_of(policy)
            ]
            for policy in shown
        }
        # a vehicle or two at the gates are not worth a picture
        if name == "waiting" and not any(np.any(values >= _QUEUE) for pairs in runs.values() for _, values in pairs):
            continue
        if any(len(time_s) for pairs in runs.values() for time_s, _ in pairs):
            ax = plot_time_series(runs, ylabel=ylabel, baseline=study.baseline)
            found.append((title, _picture(ax, f"series-{name}", f"{title.lower()} over time, one line a policy")))
    return found


def map_rows(study: Study, network: Network, changes: Mapping[str, Sequence[JunctionChange]]) -> list[MapRow]:
    """Return the maps of delay, of change and of speed.

    Parameters
    ----------
    changes : dict of str to sequence of JunctionChange
        Junctions that the text names, by policy, to be marked on the maps of change.
    """
    shown = [policy for policy in study.policies if study.records_of(policy)]
    if not shown:
        return []
    rows = [
        _delay_maps(study, network, shown),
        _change_maps(study, network, changes),
        _speed_maps(study, network, shown),
    ]
    return [row for row in rows if row.pictures]


def _delay_maps(study: Study, network: Network, shown: Sequence[str]) -> MapRow:
    rates = {}
    for policy in shown:
        records = study.records_of(policy)
        vehicles = total_edge_vehicles(records)
        rates[policy] = delay_rate(network, mean_edge_delay_s(records), study.duration_s, edge_vehicles=vehicles)
    classes = delay_classes(list(rates.values()))
    caption = (
        "Time lost on each road, by length: about the number of vehicles that stand on a kilometre of it at any "
        "moment. One scale for all policies. The wait to enter the network lies on no road."
    )
    return MapRow(
        "delay", "Time lost", caption, classes.unit, _legend(classes),
        tuple(
            _picture(
                plot_delay_map(network, rate, classes=classes), f"delay-map-{i}", f"time lost with {policy}", policy
            )
            for i, (policy, rate) in enumerate(rates.items())
        ),
    )  # fmt: skip


def _change_maps(study: Study, network: Network, changes: Mapping[str, Sequence[JunctionChange]]) -> MapRow:
    differences: dict[str, NDArray[np.float64]] = {}
    for policy in study.policies:
        pairs = study.pairs(policy) if policy != study.baseline else []
        if pairs:
            own, base = [record for record, _ in pairs], [record for _, record in pairs]
            vehicles = total_edge_vehicles([*own, *base])
            difference = mean_edge_delay_s(own) - mean_edge_delay_s(base)
            differences[policy] = delay_rate(network, difference, study.duration_s, edge_vehicles=vehicles)
    classes = change_classes(list(differences.values()))
    caption = (
        f"Difference to {study.baseline} on the seeds that both finished. Blue roads lose less time, orange ones more. "
        "Numbered junctions gained (G) or lost (L) most and are listed below."
    )
    return MapRow(
        "change", f"Change against {study.baseline}", caption, classes.unit, _legend(classes),
        tuple(
            _picture(
                plot_change_map(network, change, classes=classes, labels=_labels(changes.get(policy, ()))),
                f"change-map-{i}",
                f"change of time lost, {policy} against {study.baseline}",
                policy,
            )
            for i, (policy, change) in enumerate(differences.items())
        ),
    )  # fmt: skip


def _speed_maps(study: Study, network: Network, shown: Sequence[str]) -> MapRow:
    speeds = {policy: mean_edge_speed_kmh(study.records_of(policy)) for policy in shown}
    classes = speed_classes(list(speeds.values()))
    caption = "Mean speed of all vehicles on each road, stops included. One scale for all policies."
    return MapRow(
        "speed", "Mean speed", caption, classes.unit, _legend(classes),
        tuple(
            _picture(
                plot_speed_map(network, speed, classes=classes), f"speed-map-{i}", f"mean speed with {policy}", policy
            )
            for i, (policy, speed) in enumerate(speeds.items())
        ),
    )  # fmt: skip


def _labels(changes: Sequence[JunctionChange]) -> dict[int, str]:
    """Number the junctions that gained and those that lost, as the table does."""
    gained = [change.index for change in changes if change.change_h < 0]
    lost = [change.index for change in changes if change.change_h > 0]
    return {
        **{index: f"G{i}" for i, index in enumerate(gained, start=1)},
        **{index: f"L{i}" for i, index in enumerate(lost, start=1)},
    }


def _legend(classes: Classes) -> tuple[tuple[str, str], ...]:
    return tuple((variable(colour), label) for colour, label in zip(classes.colours, classes.labels(), strict=True))


def _picture(ax: Axes, name: str, alternative: str, policy: str = "") -> Picture:
    return Picture(inline_svg(ax, name=name, alternative=alternative), policy)
