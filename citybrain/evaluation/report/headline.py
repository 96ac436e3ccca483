"""What the first screen says: the finding in plain words, key figures, and what to mistrust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from citybrain.evaluation.compare import compare, estimate
from citybrain.evaluation.report.aggregate import Study
from citybrain.evaluation.report.numbers import interval, number, percent, plural
from citybrain.evaluation.results import Comparison, Estimate

Tone = Literal["good", "bad", "warn", "neutral"]


@dataclass(frozen=True, slots=True)
class Tile:
    """A key figure."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True)
class Headline:
    """The finding: a title, a few sentences, and key figures."""

    title: str
    sentences: tuple[Markup, ...]
    tone: Tone
    tiles: tuple[Tile, ...] = ()


def headline(study: Study) -> Headline:
    """Say which policy is best, by how much, and whether the seeds prove it."""
    ranking = study.ranking()
    if not ranking:
        return Headline("No run finished: there is nothing to compare", (), "bad")
    best, baseline = ranking[0], study.baseline
    if baseline not in ranking:
        text = Markup("The baseline {} failed on every seed, so no saving can be given. {}")
        sentence = text.format(_name(baseline), _level(study, best))
        return Headline(
            f"{best} has the least delay, but there is no baseline", (sentence,), "warn", _tiles(study, best)
        )
    if len(study.policies) == 1:
        text = Markup("{} There is no other policy to compare with.")
        return Headline(
            f"{best} alone was run", (text.format(_level(study, best)),), "neutral", _tiles(study, best)
        )
    if best == baseline:
        return _baseline_best(study, ranking)
    return _policy_best(study, ranking)


def _baseline_best(study: Study, ranking: list[str]) -> Headline:
    sentences = [_level(study, study.baseline)]
    rivals = [policy for policy in ranking if policy != study.baseline]
    if not rivals:
        sentences.append(Markup("Every other policy failed."))
    elif (row := study.comparison(rivals[0])) is not None:
        text = Markup("The closest is {}, with {} delay{}: {}.")
        sentences.append(
            text.format(_name(rivals[0]), _change(row.delay_saved_pct), _range(row), _proof(row))
        )
    return Headline(
        f"No policy beats {study.baseline}", tuple(sentences), "warn", _tiles(study, study.baseline)
    )


def _policy_best(study: Study, ranking: list[str]) -> Headline:
    best, baseline = ranking[0], study.baseline
    row = study.comparison(best)
    if row is None:
        text = Markup("{} finished no seed that {} finished too, so no saving can be given.")
        sentences = [_level(study, best), text.format(_name(best), _name(baseline))]
        return Headline(f"{best} has the least delay", tuple(sentences), "warn", _tiles(study, best))
    title, tone = _verdict_title(row)
    travel = travel_time_saved(study, best)
    text = Markup("{} loses vehicles {} delay than {}{} and gives {} travel time{}.")
    sentences = [
        text.format(
            _name(best),
            Markup("<strong>{}</strong>").format(_change(row.delay_saved_pct)),
            _name(baseline),
            _range(row),
            Markup("<strong>{}</strong>").format(_change(row.travel_time_saved_pct)),
            _brackets(travel.ci95 if travel else None),
        ),
        Markup("{}.").format(_sentence_case(_proof(row))),
        _hours(study, best),
    ]
    sentences += _rivals(study, ranking)
    return Headline(title, tuple(s for s in sentences if s), tone, _tiles(study, best))


def _verdict_title(row: Comparison) -> tuple[str, Tone]:
    change = _change(row.delay_saved_pct)
    if row.verdict == "better":
        return f"{row.policy} is best: {change} delay than {row.baseline}", "good"
    if row.verdict == "too few seeds":
        return (
            f"{row.policy} looks best: {change} delay than {row.baseline}, on too few seeds to be sure",
            "warn",
        )
    return f"{row.policy} has the least delay, but not provably less than {row.baseline}", "warn"


def _rivals(study: Study, ranking: list[str]) -> list[Markup]:
    """Compare the winner with the runner-up, and own up to what the ranking leaves out."""
    best, sentences = ranking[0], []
    runner_up = ranking[1]
    if runner_up != study.baseline:
        rows = compare([run for run in study.results.runs if run.policy in {best, runner_up}], runner_up)
        if rows:
            text = Markup("Against the runner-up {} it has {} delay{}: {}.")
            row = rows[0]
            sentences.append(
                text.format(_name(runner_up), _change(row.delay_saved_pct), _range(row), _proof(row))
            )
    mean = study.results.policies
    for policy in ranking[1:]:
        if mean[policy]["mean_delay_s"].mean < mean[best]["mean_delay_s"].mean:
            text = Markup(
                "{} has a lower mean, but failed on some seeds and is ranked after those that did not."
            )
            sentences.append(text.format(_name(policy)))
    return sentences


def _level(study: Study, policy: str) -> Markup:
    delay = study.results.policies[policy]["mean_delay_s"]
    text = Markup("{} loses each vehicle {} s{} over {}.")
    seeds = plural(len(study.good_runs(policy)), "seed")
    return text.format(_name(policy), number(delay.mean), _brackets(delay.ci95, unit=" s"), seeds)


def _hours(study: Study, policy: str) -> Markup:
    """Return the saving in vehicle-hours, the figure that goes into a cost-benefit sum."""
    base = {run.seed: run for run in study.good_runs(study.baseline)}
    saved = [
        (
            base[run.seed].mean_delay_s * base[run.seed].vehicles.loaded
            - run.mean_delay_s * run.vehicles.loaded
        )
        / 3600
        for run in study.good_runs(policy)
        if run.seed in base
    ]
    if not saved:
        return Markup("")
    per_hour = sum(saved) / len(saved) / (study.duration_s / 3600)
    if per_hour <= 0:
        return Markup("")
    return Markup("That is {} vehicle-hours saved in every hour.").format(number(per_hour))


def travel_time_saved(study: Study, policy: str) -> Estimate | None:
    """Return the saving of travel time in per cent over the paired seeds, with its interval."""
    base = {run.seed: run.mean_travel_time_s for run in study.good_runs(study.baseline)}
    saved = [
        100.0 * (1.0 - run.mean_travel_time_s / base[run.seed])
        for run in study.good_runs(policy)
        if base.get(run.seed, 0.0) > 0
    ]
    return estimate(saved, higher_is_better=True) if saved else None


def _tiles(study: Study, best: str) -> tuple[Tile, ...]:
    delay = study.results.policies[best]["mean_delay_s"]
    base = (
        study.results.policies.get(study.baseline, {}).get("mean_delay_s") if best != study.baseline else None
    )
    row = study.comparison(best)
    spread = interval(delay.ci95)
    notes = [
        f"{study.baseline}: {number(base.mean)} s" if base else "",
        f"95 % interval {spread}" if spread else "",
    ]
    tiles = [Tile("Mean delay", f"{number(delay.mean)} s", ", ".join(note for note in notes if note))]
    if row is not None:
        travel = travel_time_saved(study, best)
        tones: dict[str, Tone] = {"better": "good", "worse": "bad"}
        tiles = [
            Tile(
                "Delay saved",
                percent(row.delay_saved_pct),
                _tile_range(row.ci95_pct),
                tones.get(row.verdict, "warn"),
            ),
            Tile(
                "Travel time saved",
                percent(row.travel_time_saved_pct),
                _tile_range(travel.ci95 if travel else None),
            ),
            *tiles,
        ]
    worst = max(study.good_runs(best), key=lambda run: run.mean_delay_s)
    base_runs = study.good_runs(study.baseline)
    against = (
        f", {study.baseline}: {number(max(r.mean_delay_s for r in base_runs))} s"
        if base_runs and base
        else ""
    )
    tiles.append(Tile("Worst seed", f"{number(worst.mean_delay_s)} s", f"seed {worst.seed}{against}"))
    return tuple(tiles)


def _tile_range(bounds: tuple[float, float] | None) -> str:
    text = interval(bounds)
    return f"95 % interval {text} %" if text else "one seed: no interval"


def _proof(row: Comparison) -> str:
    seeds = plural(row.seeds, "paired seed")
    if row.verdict == "too few seeds":
        return f"{seeds} cannot tell this from chance; run three or more"
    if row.verdict == "no difference":
        return f"not a statistical difference, the interval includes zero ({seeds})"
    return f"a statistical difference, the 95 % interval excludes zero ({seeds})"


def _change(saved_pct: float) -> str:
    return f"{percent(abs(saved_pct))} {'less' if saved_pct >= 0 else 'more'}"


def _range(row: Comparison) -> str:
    text = interval(row.ci95_pct)
    return f" (saved: {text} %)" if text else ""


def _brackets(bounds: tuple[float, float] | None, unit: str = " %") -> str:
    text = interval(bounds)
    return f" (95 % interval {text}{unit})" if text else ""


def _name(policy: str) -> Markup:
    return Markup("<strong>{}</strong>").format(policy)


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
