"""The progress bar of long commands: it appears with the first step, so that bad input gets its one line and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PERCENT = "{task.percentage:>3.0f} %"
RUNS = "{task.fields[done]} of {task.fields[runs]} runs"


@contextmanager
def progress_bar(
    name: str, *columns: str | ProgressColumn, total: float | None, time_left: bool = True, **fields: Any
) -> Iterator[Callable[..., None]]:
    """Yield what moves the bar: keywords of :meth:`rich.progress.Progress.update`, its own fields among them.

    Parameters
    ----------
    name : str
        Stands before the bar.
    columns : str or ProgressColumn
        What stands between the bar and the time that has passed.
    total : float, optional
        Where the bar is full; None while that is not known.
    time_left : bool
        Whether to estimate how long it will take still.
    fields : Any
        First values of what the columns show.
    """
    left = (TextColumn("left"), TimeRemainingColumn()) if time_left else ()
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), *columns, TimeElapsedColumn(), *left, console=Console(stderr=True)
    )
    task = bar.add_task(name, total=total, **fields)

    def step(**changes: Any) -> None:
        if not bar.live.is_started:
            bar.start()
        bar.update(task, **changes)

    try:
        yield step
    finally:
        if bar.live.is_started:
            bar.stop()
