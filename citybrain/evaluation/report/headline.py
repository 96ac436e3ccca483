"""What the first screen says: the finding in plain words, key figures, and what to mistrust."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

from citybrain.evaluation.compare import compare
from citybrain.evaluation.report.aggregate import Study
from citybrain.evaluation.report.numbers import interval, number, percent, plural, saving_interval
from citybrain.evaluation.report.tiles import Tile, Tone, tiles
from citybrain.evaluation.results import Comparison


@dataclass(frozen=True, slots=True)
class Headline:
    """The finding: a title, a few sentences, and key figures."""

    title: str
    sentences: tuple[Markup, ...]
    tone: Tone
    tiles: tuple[Tile, ...] = field(default=())


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
            f"{best} has the least delay, but there is no baseline", (sentence,), "warn", tiles(study, best)
        )
    if len(study.policies) == 1:
        text = Markup("{} There is no other policy to compare with.")
        return Headline(f"{best} alone was run", (text.format(_level(study, best)),), "neutral", tiles(study, best))
    if best == baseline:
        return _baseline_best(study, ranking)
    return _policy_best(study, ranking)


def _baseline_best(study: Study, ranking: list[str]) -> Headline:
    sentences = [_level(study, study.baseline)]
    rivals = [policy for policy in ranking if policy != study.baseline]
    if not rivals:
        sentences.append(Markup("Every other policy failed."))
    elif (row := study.comparison(rivals[0])) is not None:
        text = Markup("The closest is {}, with {} delay: {}.")
        change = _spread(row.delay_saved_pct, row.ci95_pct)
        sentences.append(text.format(_name(rivals[0]), change, _proof(row)))
    return Headline(f"No policy beats {study.baseline}", tuple(sentences), "warn", tiles(study, study.baseline))


def _policy_best(study: Study, ranking: list[str]) -> Headline:
    best, baseline = ranking[0], study.baseline
    row = study.comparison(best)
    if row is None:
        text = Markup("{} finished no seed that {} finished too, so no saving can be given.")
        sentences = [_level(study, best), text.format(_name(best), _name(baseline))]
        return Headline(f"{best} has the least delay", tuple(sentences), "warn", tiles(study, best))
    title, tone = _verdict_title(row)
    travel = study.saving_pct(best, "mean_travel_time_s")
    text = Markup("With {}, vehicles have {} delay than with {}, and {} travel time.")
    sentences = [
        text.format(
            _name(best),
            _spread(row.delay_saved_pct, row.ci95_pct),
            _name(baseline),
            _spread(row.travel_time_saved_pct, travel.ci95 if travel else None),
        ),
        Markup("{}.").format(_sentence_case(_proof(row))),
    ]
    sentences += _rivals(study, ranking)
    return Headline(title, tuple(sentences), tone, tiles(study, best))


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
    """Compare the winner with the runner-up, and own up to what the ranking rests on."""
    best, sentences = ranking[0], []
    runner_up = ranking[1]
    if runner_up != study.baseline:
        rows = compare([run for run in study.results.runs if run.policy in {best, runner_up}], runner_up)
        if rows:
            text = Markup("Against the runner-up {} it has {} delay: {}.")
            change = _spread(rows[0].delay_saved_pct, rows[0].ci95_pct)
            sentences.append(text.format(_name(runner_up), change, _proof(rows[0])))
    failed = {run.policy for run in study.failed_runs()}
    if failed:
        text = Markup("Some runs did not finish ({}): the ranking uses each policy's pairs with the baseline.")
        sentences.append(text.format(", ".join(policy for policy in study.policies if policy in failed)))
    return sentences


def _level(study: Study, policy: str) -> Markup:
    delay = study.results.policies[policy]["mean_delay_s"]
    text = Markup("With {}, the mean delay is {} s per vehicle{} over {}.")
    seeds, spread = plural(len(study.good_runs(policy)), "seed"), interval(delay.ci95)
    brackets = f" (95 % interval {spread})" if spread else ""
    return text.format(_name(policy), number(delay.mean), brackets, seeds)


def _proof(row: Comparison) -> str:
    seeds = plural(row.seeds, "paired seed")
    if row.verdict == "too few seeds":
        return f"{seeds} cannot tell this from chance; run three or more"
    if row.verdict == "no difference":
        return f"not a statistical difference, the interval includes zero ({seeds})"
    return f"a statistical difference, the 95 % interval excludes zero ({seeds})"


def _change(saved_pct: float) -> str:
    return f"{percent(abs(saved_pct))} {'less' if saved_pct >= 0 else 'more'}"


def _spread(saved_pct: float, bounds: tuple[float, float] | None) -> Markup:
    """Return ``12.3 % less (95 % interval 10.1 to 14.5)``, the interval in the direction of the words."""
    text = saving_interval(bounds, flipped=saved_pct < 0)
    brackets = f" (95 % interval {text})" if text else ""
    return Markup("<strong>{}</strong>{}").format(_change(saved_pct), brackets)


def _name(policy: str) -> Markup:
    return Markup("<strong>{}</strong>").format(policy)


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
