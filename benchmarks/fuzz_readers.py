"""Every reader of files against broken ones: an InputError of one line is the only way to fail.

    python benchmarks/fuzz_readers.py                              # every reader for a minute
    python benchmarks/fuzz_readers.py net counts --minutes 10 --seed 7
    python benchmarks/fuzz_readers.py --again out/fuzz/net/3f2a.xml

A good file is mutated: bytes flipped, pieces cut, doubled and moved, numbers and words replaced by awkward ones, attributes
dropped. What makes a reader fail in another way, or take longer than ten seconds, is cut down to its smallest form and kept
under ``out/fuzz/READER``, one file for each place in the code. ``--again`` reads one of them with its traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import random
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "cli")]

import bad_input_folder  # noqa: E402
from nets import tiny_net  # noqa: E402
from osm_samples import crossroads  # noqa: E402

from citybrain.demand.counts import read_counts  # noqa: E402
from citybrain.demand.incidents import read_incidents  # noqa: E402
from citybrain.demand.scenario import read_sumocfg  # noqa: E402
from citybrain.demand.speeds import read_speeds  # noqa: E402
from citybrain.demand.validate import _check_file  # noqa: E402
from citybrain.errors import InputError  # noqa: E402
from citybrain.integrations.exchange.count_layouts import read_layout, read_places  # noqa: E402
from citybrain.integrations.exchange.gmns_folder import read_folder  # noqa: E402
from citybrain.integrations.exchange.gmns_programs import read_programs  # noqa: E402
from citybrain.integrations.exchange.gmns_write import write_gmns  # noqa: E402
from citybrain.integrations.exchange.plan_csv import write_plan_csv  # noqa: E402
from citybrain.network.additional_programs import load_programs  # noqa: E402
from citybrain.network.check import check_network  # noqa: E402
from citybrain.network.intergreens import SignalRules  # noqa: E402
from citybrain.network.netfacts import read_facts  # noqa: E402
from citybrain.network.osm_extract import plain_xml, scan  # noqa: E402
from citybrain.network.reader import read_network  # noqa: E402
from citybrain.signals.interlock import Interlock  # noqa: E402
from citybrain.signals.plan import Plan  # noqa: E402
from citybrain.signals.retiming.files import read_plans, toml_text  # noqa: E402
from citybrain.studies.spec import read_spec  # noqa: E402

OUT = ROOT / "out" / "fuzz"
AWKWARD = (
    "", "0", "-1", "1e309", "nan", "inf", "-0.0", "1e-320", "99999999999999999999", "0x10", "1_0", "²", "٣", "é", "\x00",
    "\ud7ff", "true", "[]", "{}", "''", '"', "<", "&amp;", "&#0;", "%s", "../x", " ", "\t", "a" * 5000, "G", "GGGGGGGGGGGG", "y",
    "1:2:3:4:5:6",
)  # fmt: skip
SLOW_S, MOST_BYTES = 10, 6 << 30
TOKEN = re.compile(rb'[\w.#:-]+|"[^"]*"')
ATTRIBUTE = re.compile(rb'\s[\w-]+="[^"]*"')


@dataclass(frozen=True)
class Reader:
    name: str
    seeds: tuple[bytes, ...]
    read: Callable[[Path], object]


def readers(folder: Path) -> dict[str, Reader]:
    good = folder / "good.net.xml"
    good.write_text(tiny_net(), encoding="utf-8")
    network = read_network(good)
    edges = frozenset(edge.id for edge in network.edges)
    gmns = folder / "gmns"
    write_gmns(good, gmns)
    plan = {"C": Plan(junction_id="C", stages=(0, 1, 2), greens_s=(20.0, 30.0, 8.0), offset_s=7.0)}
    stored = toml_text(network, SignalRules(), {"am": plan}, source="tiny")

    def net(path: Path) -> None:
        found = read_network(path)
        Interlock(found, SignalRules())
        check_network(found, name="x", facts=read_facts(path))

    def programs(path: Path) -> None:
        import sumolib

        load_programs(sumolib.net.readNet(str(good), withPrograms=True), [path])
        write_plan_csv(folder / "plans.csv", network, path)

    def table(name: str) -> Callable[[Path], None]:
        def read(path: Path) -> None:
            kept = (gmns / name).read_bytes()
            try:
                (gmns / name).write_bytes(path.read_bytes())
                read_programs(gmns, read_folder(gmns).lamp_of)
            finally:
                (gmns / name).write_bytes(kept)

        return read

    def osm(path: Path) -> None:
        scan(plain_xml(path, folder, None), path, None)

    text = str.encode

    def packed(content: str) -> bytes:
        return gzip.compress(content.encode(), mtime=0)

    tables = {
        f"gmns-{name}": f"{name}.csv" for name in ("link", "movement", "signal_timing_phase", "signal_coordination")
    }
    layouts = (b"detector,time,volume\nnorth,07:00,60\neast,07:15,75\n", b"time;north;east\n07:00;60;8,5\n07:15;75;\n",
               b"site,07:00-07:15,07:15-07:30\nnorth,60,75\n")  # fmt: skip
    made = [
        Reader("net.net.xml", (text(tiny_net()),), net),
        Reader("net-packed.net.xml.gz", (packed(tiny_net()),), net),
        Reader("routes-packed.rou.xml.gz", (packed(bad_input_folder.ROUTES),), lambda path: _check_file(path, edges)),
        Reader("osm-packed.osm.gz", (packed(crossroads()),), osm),
        Reader("sumocfg.sumocfg", (text(bad_input_folder.config()),), read_sumocfg),
        Reader("routes.rou.xml", (text(bad_input_folder.ROUTES),), lambda path: _check_file(path, edges)),
        Reader("plan.add.xml", (text(bad_input_folder.plans()),), programs),
        Reader("plan-toml.toml", (text(stored),), lambda path: read_plans(path, network, SignalRules())),
        Reader(
            "spec.toml",
            (
                text(bad_input_folder.SPEC),
                (ROOT / "experiments" / "what_if.toml").read_bytes(),
                text(bad_input_folder.FILES["parameter.toml"]),
            ),
            read_spec,
        ),
        Reader(
            "incidents.toml",
            (b'[[incident]]\nkind = "crash"\nedge = "a"\nlanes = [0]\nposition_m = 50\nbegin_s = 10\nend_s = 900\n',),
            lambda path: read_incidents(path, network),
        ),
        Reader("osm.osm", (text(crossroads()),), osm),
        Reader("counts.csv", (text(bad_input_folder.FILES["counts.csv"]),), read_counts),
        Reader("speeds.csv", (b"edge,begin_s,end_s,speed_kmh\na,0,60,50\n",), read_speeds),
        Reader("layouts.csv", layouts, read_layout),
        Reader("places.toml", (b'north = "e1"\n',), read_places),
        *(Reader(f"{name}.csv", ((gmns / file).read_bytes(),), table(file)) for name, file in tables.items()),
    ]
    return {reader.name.partition(".")[0]: reader for reader in made}


def mutate(seed: bytes, chance: random.Random) -> bytes:
    """Return a broken copy: one to four changes."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, 4)):
        kind = chance.randrange(8)
        a = chance.randrange(len(data) + 1)
        b = min(len(data), a + chance.choice((1, 2, 8, 40, 300)))
        tokens = [m.span() for m in (ATTRIBUTE if kind == 7 else TOKEN).finditer(data)]
        if kind == 0 and data:
            data[min(a, len(data) - 1)] = chance.randrange(256)
        elif kind == 1:
            del data[a:b]
        elif kind == 2:
            data[a:a] = data[a:b]
        elif kind == 3:
            c = chance.randrange(len(data) + 1)
            data[c:c] = data[a:b]
        elif kind == 4:
            del data[a:]
        elif tokens:
            start, end = chance.choice(tokens)
            new = chance.choice(AWKWARD).encode("utf-8", errors="surrogatepass")
            if kind == 5 and len(tokens) > 1:
                new = bytes(data[slice(*chance.choice(tokens))])
            quoted = data[start : start + 1] == b'"' and kind != 7
            data[start:end] = b"" if kind == 7 else b'"' + new.strip(b'"') + b'"' if quoted else new
    return bytes(data)


def complaint(reader: Reader, data: bytes, folder: Path) -> str | None:
    """Return where and how the reader failed otherwise than it may, or None."""
    path = folder / reader.name
    path.write_bytes(data)
    try:
        with limit(SLOW_S):
            reader.read(path)
    except InputError as error:
        text = str(error)
        return f"InputError of {text.count(chr(10)) + 1} lines" if "\n" in text or "\r" in text else None
    except Exception as error:  # noqa: BLE001 - anything else is what is looked for
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "/citybrain/" in f.filename]
        where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "elsewhere"
        return f"{type(error).__name__} at {where}"
    return None


@contextlib.contextmanager
def limit(seconds: int) -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError(f"no answer within {seconds} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def smallest(reader: Reader, data: bytes, what: str, folder: Path) -> bytes:
    """Cut pieces out as long as the complaint stays."""
    size, until = max(len(data) // 2, 1), time.monotonic() + 20
    while size and time.monotonic() < until:
        place = 0
        while place < len(data) and time.monotonic() < until:
            shorter = data[:place] + data[place + size :]
            if complaint(reader, shorter, folder) == what:
                data = shorter
            else:
                place += size
        size //= 2
    return data


def fuzz(reader: Reader, folder: Path, *, seconds: float, seed: int) -> int:
    """Try broken files for a while; returns how many kinds of complaint there were."""
    chance, tried, refused = random.Random(seed), 0, 0  # noqa: S311 - no secret
    found: dict[str, Path] = {}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        data = mutate(chance.choice(reader.seeds), chance)
        what = complaint(reader, data, folder)
        tried += 1
        if what is None or what in found:
            refused += what is None
            continue
        least = smallest(reader, data, what, folder)
        place = OUT / reader.name.partition(".")[0] / f"{hashlib.sha256(least).hexdigest()[:8]}-{reader.name}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(least)
        found[what] = place
        print(f"{reader.name}: {what}: {place.relative_to(ROOT)}", flush=True)
    print(f"{reader.name}: {tried} files in {seconds:.0f} s, {len(found)} complaints", flush=True)
    return len(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="*", help="which; all where none is named")
    parser.add_argument("--minutes", type=float, default=1.0, help="for each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", type=Path, help="read one file once, and show what happens")
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    with tempfile.TemporaryDirectory() as scratch:
        known = readers(Path(scratch))
        if asked.again:
            reader = known[asked.again.parent.name]
            path = Path(scratch) / reader.name
            path.write_bytes(asked.again.read_bytes())
            print(reader.read(path))
            return
        unknown = [name for name in asked.readers if name not in known]
        if unknown:
            parser.error(f"no reader {unknown[0]!r}; there are {', '.join(known)}")
        chosen = [known[name] for name in asked.readers or known]
        found = [fuzz(reader, Path(scratch), seconds=60 * asked.minutes, seed=asked.seed) for reader in chosen]
        sys.exit(sum(found) > 0)


if __name__ == "__main__":
    main()
