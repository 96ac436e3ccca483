"""The emergency vehicle in SUMO, the same in every twin, and the empty network of the ceiling."""

from __future__ import annotations

from pathlib import Path

from citybrain.network.model import Network
from citybrain.simulation.sumo_fleet import COMPANY_TYPE, VEHICLE_TYPE

_BOLD = 'jmIgnoreFoeProb="1" jmIgnoreFoeSpeed="100" jmIgnoreJunctionFoeProb="1"'


def emergency_additional(folder: Path, *, siren: bool, bold: bool) -> Path:
    """Write the vehicles' types.

    It drives at the limit and no faster, so that all that priority saves is waiting. With
    ``siren`` the treated ones have SUMO's ``bluelight`` device, which passes red and lets others make room;
    ``bold`` ones, on the empty network, give way to nobody.
    """
    path = folder / "emergency.add.xml"
    device = '<param key="has.bluelight.device" value="true"/>' if siren else ""
    types = "".join(
        f'<vType id="{name}" vClass="emergency" length="6.5" minGap="2" accel="2.6" decel="4.5" '
        f'emergencyDecel="9" sigma="0" tau="1" speedFactor="1" speedDev="0" lcSpeedGain="5" {_BOLD if bold else ""}>'
        f"{own}</vType>"
        for name, own in ((VEHICLE_TYPE, device), (COMPANY_TYPE, ""))
    )
    path.write_text(f"<additional>{types}</additional>", encoding="utf-8")
    return path


def green_for_all(network: Network, folder: Path) -> Path:
    """Write programs that show green to everybody all the time; for empty networks only."""
    lines = [
        f'<tlLogic id="{j.id}" type="static" programID="ceiling" offset="0">'
        f'<phase duration="3600" state="{"G" * j.n_links}"/></tlLogic>'
        for j in network.junctions
    ]
    path = folder / "green.add.xml"
    path.write_text(f"<additional>{''.join(lines)}</additional>", encoding="utf-8")
    return path
