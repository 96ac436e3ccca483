"""The ``citybrain train-detector`` command: the model of the gradient-boosted peer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

console = Console()


def train_detector(
    recordings: Annotated[Path, typer.Argument(help="Folder of recordings, from citybrain incidents --recordings.")],
    out: Annotated[Path, typer.Option(help="File of the model.")] = Path("boosted.npz"),
    sensors: Annotated[str, typer.Option(help="Sensor sets to learn from.")] = "loops,camera",
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.")] = 1,
) -> None:
    """Train the gradient-boosted incident detector on recorded runs, in pairs with and without incidents.

    Example: citybrain train-detector runs --out boosted.npz
    """
    from citybrain.detection import check_sensors, split_sensors
    from citybrain.evaluation.incidents.study import check_recordings
    from citybrain.evaluation.incidents.train import train

    check_recordings(recordings)
    names = split_sensors(sensors)
    for name in names:
        check_sensors(name)
    found = train(recordings, names, seed=seed, out=out)
    console.print(
        f"{out}: {found['recordings']} recordings, {found['rows']} rows, {found['incident_rows']} with an incident",
        soft_wrap=True,
        markup=False,
    )
