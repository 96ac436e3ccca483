"""The ``citybrain serve``, ``replay`` and ``token`` commands: the control room."""

from __future__ import annotations

import gc
import logging
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from citybrain.errors import InputError

if TYPE_CHECKING:
    from citybrain.operations.access import Access
    from citybrain.operations.service.live_room import LiveRoom

console = Console()
errors = Console(stderr=True)
token = typer.Typer(name="token", no_args_is_help=True, help="Tokens that let people into a control room.")
_OUT = Path("control-room")
_MOST_SECTIONS = 20


class RoleName(StrEnum):
    """Roles of a token."""

    viewer = "viewer"
    dispatcher = "dispatcher"
    operator = "operator"


def serve(
    scenario: Annotated[str, typer.Argument(help="A name such as kuala-lumpur, or a path to a .sumocfg.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the console and the API.")] = 8080,
    host: Annotated[
        str, typer.Option(help="Address to listen on; from elsewhere one needs a token to look, too.")
    ] = "127.0.0.1",
    speed: Annotated[
        float, typer.Option(min=0, max=1000, help="Simulated over real time; 0: as fast as possible.")
    ] = 1.0,
    policy: Annotated[str, typer.Option(help="Policy that decides, see `citybrain policies`.")] = "adaptive",
    sensors: Annotated[str, typer.Option(help="What it sees: camera, loops, probes:0.1, perfect.")] = "camera",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 1,
    begin: Annotated[float | None, typer.Option(help="Start, seconds of the scenario's clock.")] = None,
    end: Annotated[float | None, typer.Option(help="End, seconds.")] = None,
    database: Annotated[
        str | None, typer.Option(help="Record: a file (SQLite) or postgresql://user@host/name. Default: OUT/record.db.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the record, tokens, saved states.")] = _OUT,
    tokens: Annotated[Path | None, typer.Option(help="Token file. Default: OUT/tokens.json.")] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="Key that emergency requests are signed with. Default: OUT/priority.key, made if missing."),
    ] = None,
    plans: Annotated[
        Path | None, typer.Option(help="Plans (plans.toml of `citybrain retime`) that can be forced.")
    ] = None,
    detector: Annotated[str, typer.Option(help="Incident detector; '' for none.")] = "discharge",
    heartbeat: Annotated[
        float, typer.Option(min=0, help="Fall back to plans where no console watches so long, s; 0: never.")
    ] = 0,
    keep_days: Annotated[float, typer.Option(min=0.01, help="Days that runs are kept for.")] = 30,
    keep_audit_days: Annotated[float, typer.Option(min=1, help="Days that the audit is kept for.")] = 730,
    allowed_hosts: Annotated[
        str, typer.Option(help="More names by which browsers call this service, with commas; needed behind a proxy.")
    ] = "",
    drill: Annotated[bool, typer.Option("--drill", help="Let operators inject faults, to practise.")] = False,
) -> None:
    """Run a city live, with a console in the browser and an API, until it is stopped with Ctrl-C.

    Example: citybrain serve kuala-lumpur --speed 5
    """
    from citybrain.operations.live.config import RoomConfig, check_config
    from citybrain.operations.serving import RoomFiles, open_live

    config = RoomConfig(
        scenario=scenario, begin_s=begin, end_s=end, seed=seed, policy=policy, sensors=sensors, speed=speed,
        plans=plans, detector=detector, heartbeat_s=heartbeat, drill=drill,
    )  # fmt: skip
    check_config(config)
    files = RoomFiles(
        folder=out,
        database=database or str(out / "record.db"),
        tokens=tokens or out / "tokens.json",
        key=key or out / "priority.key",
        keep_days=keep_days,
        keep_audit_days=keep_audit_days,
    )
    _log_warnings()
    room, access = open_live(config, files, local=_is_local(host))
    _serve(room, access, host=host, port=port, names=_names(allowed_hosts))


def replay(
    database: Annotated[str, typer.Argument(help="A record: a file or a postgresql:// URL.")],
    run: Annotated[str | None, typer.Option(help="Which run; the longest where not given.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Run it again without a console and compare every signal.")
    ] = False,
    performance: Annotated[
        Path | None,
        typer.Option(help="Run it again and write controller events and the signal measures into this folder."),
    ] = None,
    junctions: Annotated[str, typer.Option(help="Signals for --performance, ids with commas; all where empty.")] = "",
    list_: Annotated[bool, typer.Option("--list", help="List the runs and check the audit's chain.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the console.")] = 8080,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    speed: Annotated[
        float, typer.Option(min=0, max=1000, help="Simulated over real time; 0: as fast as possible.")
    ] = 10.0,
) -> None:
    """Play a recorded run in the console, or check that it comes out the same bit for bit.

    Example: citybrain replay control-room/record.db --check
    """
    from citybrain.operations.replay import check_again, open_replay

    if list_:
        _list(database)
        return
    _log_warnings()
    if performance is not None:
        _performance(database, run, performance, _names_as_given(junctions))
        return
    if check:
        found = check_again(database, run)
        console.print(found.summary, soft_wrap=True, markup=False)
        if not found.same:
            raise typer.Exit(1)
        return
    room, access = open_replay(database, run, speed=speed)
    if not _is_local(host):
        raise InputError(
            f"--host {host}: a recording is shown on localhost only; put a proxy with a password before it"
        )
    _serve(room, access, host=host, port=port, names=())


def _serve(room: LiveRoom, access: Access, *, host: str, port: int, names: tuple[str, ...]) -> None:
    from citybrain.operations.serving import run_service

    try:
        run_service(room, access, host=host, port=port, names=names, tell=_tell)
    finally:
        gc.freeze()  # or Python looks through all that is left before it ends, for longer than closing the room takes


def _performance(database: str, run: str | None, out: Path, junctions: tuple[str, ...]) -> None:
    from citybrain.evaluation.performance.report import write_report
    from citybrain.operations.performance import performance_of

    if (out / "events.parquet").exists():
        raise InputError(f"{out}: holds an event log already; name another folder")
    found = performance_of(database, run, junctions=junctions)
    if not found.checked.same:
        errors.print(f"citybrain: {found.checked.summary}; nothing was written", style="red")
        raise typer.Exit(1)
    paths = found.log.write(out)
    shown = dict(list(found.phases.items())[:_MOST_SECTIONS])
    facts = [found.checked.summary, f"{found.preemptions} pre-emptions"]
    if len(shown) < len(found.phases):
        facts.append(f"{len(shown)} of {len(found.phases)} signals shown, those with pre-emption first")
    page = out / "performance.html"
    write_report(page, found.log, shown, title="Signal performance of a recorded run", facts=facts)
    _tell(f"{found.checked.summary}; {found.preemptions} pre-emptions")
    _tell(f"{len(found.log)} events: {paths[0]}, {paths[1]}; detectors: {paths[2]}")
    _tell(f"Report: {page}")


def _list(database: str) -> None:
    from citybrain.operations.record.database import open_database
    from citybrain.operations.record.reader import check_chain, list_runs

    engine = open_database(database, must_exist=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("run", "scenario", "started (UTC)", "ticks", "ended (UTC)", "why"):
        table.add_column(title, overflow="fold", no_wrap=title == "run")  # --run wants the whole name
    for row in list_runs(engine):
        times = [str(row[name] or "")[:19].replace("T", " ") for name in ("started", "ended")]
        table.add_row(row["run_id"], row["scenario"], times[0], str(row["ticks"] or ""), times[1], row["why"] or "")
    console.print(table)
    count, wrong = check_chain(engine)
    engine.dispose()
    if wrong is not None:
        errors.print(f"citybrain: the audit was changed: entry {wrong} does not fit those before it", style="red")
        raise typer.Exit(1)
    console.print(f"Audit: {count} entries, their chain is whole.")


@token.command("new")
def new_token_command(
    name: Annotated[str, typer.Argument(help="Whose it is; it is in the audit.")],
    role: Annotated[RoleName, typer.Option(help="What it allows.")] = RoleName.viewer,
    days: Annotated[
        float | None, typer.Option(min=0.001, help="Days that it is good for; for ever where not given.")
    ] = None,
    tokens: Annotated[Path, typer.Option(help="Token file.")] = _OUT / "tokens.json",
) -> None:
    """Make a token. It is shown once, and kept as a hash.

    Example: citybrain token new ana --role operator
    """
    from citybrain.operations.access import new_token

    console.print(
        new_token(tokens, name=name, role=role.value, days=days), soft_wrap=True, markup=False, highlight=False
    )


@token.command("list")
def list_tokens_command(tokens: Annotated[Path, typer.Option(help="Token file.")] = _OUT / "tokens.json") -> None:
    """List whose tokens there are.

    Example: citybrain token list
    """
    from citybrain.operations.access import read_tokens

    table = Table("name", "role", "made", "good until", box=box.SIMPLE_HEAD, pad_edge=False)
    for stored in read_tokens(tokens):
        table.add_row(stored.name, stored.role, stored.created, stored.expires or "")
    console.print(table)


@token.command("withdraw")
def withdraw_token_command(
    name: Annotated[str, typer.Argument(help="Whose token.")],
    tokens: Annotated[Path, typer.Option(help="Token file.")] = _OUT / "tokens.json",
) -> None:
    """Take a token back; a running room takes note within a second.

    Example: citybrain token withdraw ana
    """
    from citybrain.operations.access import withdraw_token

    withdraw_token(tokens, name)


def _is_local(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.lower() for name in _names_as_given(text))


def _names_as_given(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _tell(line: str) -> None:
    console.print(line, soft_wrap=True, markup=False, highlight=False)


def _log_warnings() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("citybrain: %(message)s"))
    logging.getLogger("citybrain").addHandler(handler)
