from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SABOTEURS = '''
"""Policies that misbehave, installed the way any third party's would be."""

import os
import signal
import time
from pathlib import Path

from citybrain.signals.max_wave import MaxWave

MARKER = Path(os.environ["SABOTAGE"])


def first_to_come():
    try:
        os.close(os.open(MARKER, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True


class Saboteur(MaxWave):
    def sabotage(self):
        """Nothing yet."""

    def decide(self, observation):
        if observation.time_s >= 60:
            self.sabotage()
        return super().decide(observation)


class KillsItself(Saboteur):
    """The simulator runs in this process: it dies with it. Once only."""

    def sabotage(self):
        if first_to_come():
            os.kill(os.getpid(), signal.SIGKILL)


class KillsSumo(Saboteur):
    """Over a socket the simulator is a child of this process."""

    def sabotage(self):
        if first_to_come():
            own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
            names = {pid: Path(f"/proc/{pid}/comm").read_text().strip() for pid in own}
            for pid in (pid for pid, name in names.items() if name == "sumo"):
                os.kill(int(pid), signal.SIGKILL)


class Raises(Saboteur):
    def sabotage(self):
        raise ZeroDivisionError("three lines\\nof\\nreasons")


class Sleeps(Saboteur):
    """Tells who it is, then hangs."""

    def sabotage(self):
        MARKER.write_text(str(os.getpid()))
        time.sleep(600)


class AsksForNonsense(Saboteur):
    def decide(self, observation):
        decision = super().decide(observation)
        decision.stage[:] = 99
        return decision
'''
ENTRY_POINTS = """[citybrain.policies]
kills-itself = saboteurs:KillsItself
kills-sumo = saboteurs:KillsSumo
raises = saboteurs:Raises
sleeps = saboteurs:Sleeps
nonsense = saboteurs:AsksForNonsense
"""


@dataclass
class Cli:
    """The command as a process of its own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def marker(self) -> Path:
        return Path(self.environment["SABOTAGE"])

    def start(self, *arguments: object, **options: object) -> subprocess.Popen[str]:
        # a shell's background jobs ignore Ctrl-C, and so would the command
        options.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        return subprocess.Popen(
            [sys.executable, "-m", "citybrain.cli", *map(str, arguments)],
            cwd=self.folder, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
        )  # fmt: skip

    def __call__(self, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, **options) as process:
            out, err = process.communicate(timeout=240)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command line, with the saboteurs installed beside it."""
    site = tmp_path / "site"
    info = site / "saboteurs-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "saboteurs.py").write_text(SABOTEURS, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: saboteurs\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]),
        "SABOTAGE": str(tmp_path / "marker"),
        "COLUMNS": "200",
    }
    return Cli(work, environment)
