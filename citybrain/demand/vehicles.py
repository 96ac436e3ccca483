"""Vehicle types of the written cities, with and without lateral movement."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

_CAR = {
    "vClass": "passenger",
    "length": "4.4",
    "minGap": "2.0",
    "accel": "2.2",
    "decel": "4.5",
    "tau": "1.45",
    "sigma": "0.4",
}
_MOTORCYCLE = {
    "vClass": "motorcycle", "length": "2.0", "minGap": "1.0", "accel": "3.0", "decel": "4.5", "tau": "1.25", "sigma": "0.4",
    "width": "0.8",
}  # fmt: skip
_LORRY = {
    "vClass": "truck",
    "length": "8.5",
    "minGap": "2.5",
    "accel": "1.4",
    "decel": "4.0",
    "tau": "1.7",
    "sigma": "0.4",
}
_BUS = {
    "vClass": "bus",
    "length": "12.0",
    "minGap": "2.5",
    "accel": "1.3",
    "decel": "4.0",
    "tau": "1.7",
    "sigma": "0.4",
}
_EMISSIONS = {
    "car": "PC_petrol_Euro-4",
    "motorcycle": "MC_4S_le250cc_Euro-3",
    "lorry": "RT_le7.5t_Euro-IV_EGR",
    "bus": "UBus_Std_gt15-18t_Euro-IV_EGR",
}
_MEAN_SPEED_FACTOR = {"car": 1.06, "motorcycle": 1.1, "lorry": 0.95, "bus": 0.95}
_TYPES = {"car": _CAR, "motorcycle": _MOTORCYCLE, "lorry": _LORRY, "bus": _BUS}


def write_vehicle_types(path: Path, *, speed_factor: float = 1.0, mixed: bool = False) -> None:
    """Write the types as a SUMO additional file.

    Parameters
    ----------
    speed_factor : float
        How much faster than usual, relative to the limit, drivers go on an empty road.
    mixed : bool
        For SUMO's sublane model: motorcycles go between lanes and gather in front of the queue.
        Without it a motorcycle is a short vehicle with a short headway that keeps to its lane.
    """
    root = etree.Element("additional")
    for name, values in _TYPES.items():
        mean = _MEAN_SPEED_FACTOR[name] * speed_factor
        kind = etree.SubElement(root, "vType", id=name, **values)
        kind.set("speedFactor", f"normc({mean:.3f},0.1,{mean - 0.25:.3f},{mean + 0.25:.3f})")
        kind.set("emissionClass", f"HBEFA4/{_EMISSIONS[name]}")
        if mixed:
            kind.set("latAlignment", "arbitrary" if name == "motorcycle" else "center")
            kind.set("minGapLat", "0.3" if name == "motorcycle" else "0.5")
            kind.set("lcPushy" if name == "motorcycle" else "lcSublane", "0.6" if name == "motorcycle" else "0.5")
    etree.ElementTree(root).write(str(path), pretty_print=True, xml_declaration=True, encoding="utf-8")
