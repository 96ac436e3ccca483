"""A real PostgreSQL server in a folder of its own, on a socket, for one test module."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest


def server_folder():
    """Where initdb and pg_ctl are, or None."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name.split(".")[0]), default=None)


class Server:
    """One that can be stopped and started."""

    def __init__(self, binaries, folder, who):
        self._binaries, self.folder, self._who = binaries, folder, who

    def run(self, program, *arguments):
        done = subprocess.run(
            [*self._who, self._binaries / program, *arguments], capture_output=True, text=True, check=False, cwd="/",
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout

    def start(self):
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        self.run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-o", options, "-w", "start")

    def stop(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")

    @property
    def url(self):
        return f"postgresql://room@/postgres?host={self.folder}"


@contextmanager
def postgresql():
    """Run a server; skip where there is none to run."""
    binaries = server_folder()
    if binaries is None:
        pytest.skip("needs a PostgreSQL server: scripts/postgresql installs one (Debian and Ubuntu, as root)")
    who = ()
    if os.geteuid() == 0:
        if (
            shutil.which("setpriv") is None
            or subprocess.run(["id", "postgres"], capture_output=True, check=False).returncode
        ):
            pytest.skip("needs setpriv and the user postgres, as which a server must run")
        who = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    folder = Path(tempfile.mkdtemp(prefix="cb-pg-", dir="/tmp"))  # a socket's path must be short
    if who:
        shutil.chown(folder, "postgres", "postgres")
    server = Server(binaries, folder, who)
    try:
        server.run("initdb", "-D", folder / "data", "-U", "room", "-A", "trust", "--no-sync")
        server.start()
        yield server
    finally:
        subprocess.run(
            [*who, binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"], capture_output=True, check=False,
            cwd="/",
        )  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)
