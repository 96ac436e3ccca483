"""Additional files without their outputs: a run writes only where it is told to.

An engineer's additional files often hold detectors and edge data with output
files beside them. A comparison would overwrite those with each run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lxml import etree

from citybrain.demand.validate import open_maybe_gzip
from citybrain.errors import InputError

_NOWHERE = "/dev/null"  # SUMO knows it on every system
_OUTPUTS = {
    "file": {
        "e1Detector", "inductionLoop", "instantInductionLoop", "e2Detector", "laneAreaDetector", "e3Detector",
        "entryExitDetector", "edgeData", "laneData", "routeProbe", "vTypeProbe", "vaporizer",
    },
    "output": {"calibrator"},
    "dest": {"timedEvent"},
}  # fmt: skip


def silenced(files: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """Return the files, those with outputs as copies in ``folder`` that write nothing.

    Raises
    ------
    InputError
        If a file is broken XML.
    """
    return tuple(_silence(Path(file), folder / f"{place}-{Path(file).name}") for place, file in enumerate(files))


def _silence(file: Path, copy: Path) -> Path:
    try:
        with open_maybe_gzip(file) as stream:
            tree = etree.parse(stream)
    except (etree.XMLSyntaxError, OSError, EOFError) as error:
        raise InputError(f"{file}: broken XML ({' '.join(str(error).split())})") from None
    changed = False
    for element in tree.getroot().iter(etree.Element):
        for attribute, tags in _OUTPUTS.items():
            if element.tag in tags and element.get(attribute) not in (None, _NOWHERE):
                element.set(attribute, _NOWHERE)
                changed = True
    if not changed:
        return file
    for element in tree.getroot().iter(etree.Element):
        for attribute in ("file", "href"):
            value = element.get(attribute)
            if value and value != _NOWHERE and (file.parent / value).exists():
                element.set(attribute, str((file.parent / value).resolve()))
    copy = copy.with_name(copy.name.removesuffix(".gz"))
    tree.write(str(copy), encoding="utf-8", xml_declaration=True)
    return copy
