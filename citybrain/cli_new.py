"""The ``citybrain new`` commands: a start for what others build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

console = Console()
new = typer.Typer(name="new", no_args_is_help=True, help="Start a package of your own: a policy.")


@new.command()
def policy(
    name: Annotated[str, typer.Argument(help="Its name, such as my-policy.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write; the name where not given.")] = None,
) -> None:
    """Write a package with a policy, its test and a study that scores it.

    Example: citybrain new policy my-policy
    """
    from citybrain.testing.new_policy import new_policy

    folder = out or Path(name)
    for path in new_policy(name, folder):
        console.print(str(path), soft_wrap=True, markup=False, highlight=False)
    console.print(f"Next: cd {folder} && pip install -e . && pytest", soft_wrap=True, markup=False, highlight=False)


@new.callback()
def _root() -> None:
    pass
