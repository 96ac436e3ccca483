"""Pictures of a junction: what is green is drawn, and text of others cannot become markup."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from samples_console import EDGES, JUNCTION, junction_state

from citybrain.operations.console.explain import reason_markup, reason_words, sensor_markup
from citybrain.operations.console.pictures import history_picture, stage_picture, time_space_picture
from citybrain.operations.console.shapes import arms, map_geometry, simplified
from citybrain.operations.console.words import Words
from citybrain.operations.details import (
    Alternative,
    CorridorGeometry,
    CorridorHistory,
    Geometry,
    JunctionDetail,
    LampSpan,
    LaneHealth,
    Reason,
)

SAY = Words("en")


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def ways(svg: str) -> list[str]:
    return [path.get("class", "") for path in parsed(svg).iter("path") if path.get("class") != "head"]


def test_a_stage_shows_what_it_lets_go() -> None:
    assert ways(stage_picture("Ggr", JUNCTION, EDGES, label="x")) == ["way permissive", "way"]
    assert ways(stage_picture("rrr", JUNCTION, EDGES, label="x")) == []
    assert 'class="walk"' in stage_picture("rrG", JUNCTION, EDGES, label="x")


def test_straight_on_is_drawn_from_below_to_above() -> None:
    path = next(p for p in parsed(stage_picture("Grr", JUNCTION, EDGES, label="x")).iter("path"))
    x0, y0, _, _, x1, y1 = (float(n) for n in re.findall(r"-?[\d.]+", path.get("d", "")))
    assert x0 == x1 == 32.0
    assert y0 > y1


def test_labels_are_escaped() -> None:
    svg = stage_picture("Grr", JUNCTION, EDGES, label='"><script>alert(1)</script>')
    assert "<script" not in svg
    parsed(svg)


def test_history_is_as_long_as_it_was() -> None:
    spans = [
        LampSpan(stage=0, lamps="Gr", begin_s=0.0, end_s=1300.0, level="adaptive"),
        LampSpan(stage=1, lamps="rG", begin_s=1303.0, end_s=None, level="plan"),
    ]
    bars = [
        r for r in parsed(history_picture(spans, 2, 1600.0, label="x")).iter("rect") if "green" in r.get("class", "")
    ]
    assert [bar.get("class") for bar in bars] == ["green adaptive", "green plan"]
    widths = [float(bar.get("width", "0")) for bar in bars]
    assert widths[0] / 380 == pytest.approx(300 / 600, abs=0.01)  # only the last ten minutes are shown
    assert widths[1] / 380 == pytest.approx(297 / 600, abs=0.01)


def corridor(offset_s: float) -> CorridorHistory:
    geometry = CorridorGeometry(
        id="c", name="C", edges=("south", "north"), junctions=("J", "K"), at_m=(0.0, 500.0), limit_mps=10.0
    )
    first = ((0.0, 30.0), (90.0, None))
    second = ((offset_s, offset_s + 30.0),)
    return CorridorHistory(corridor=geometry, begin_s=0.0, end_s=120.0, spans=(first, second), speeds_mps=(5.0, 5.0))


def test_a_band_is_what_gets_from_green_to_green() -> None:
    whole = parsed(time_space_picture(corridor(50.0), {}, label="x"))
    assert len(list(whole.iter("polygon"))) == 1
    assert list(parsed(time_space_picture(corridor(81.0), {}, label="x")).iter("polygon")) == []


def test_a_corridor_names_its_junctions_safely() -> None:
    svg = time_space_picture(corridor(50.0), {"J": "<b>J</b>", "K": "K"}, label="x")
    assert "<b>" not in svg
    parsed(svg)


def reason(**changes: object) -> Reason:
    values = {
        "time_s": 25_200.0, "source": "adaptive", "shown": 0, "chosen": 1, "because": "least delay", "horizon_s": 60.0,
        "alternatives": (Alternative(stage=0, predicted_delay_veh_s=51.0), Alternative(stage=1, predicted_delay_veh_s=34.0)),
    }  # fmt: skip
    return Reason(**{**values, **changes})  # type: ignore[arg-type]


def test_reasons_name_the_costs() -> None:
    words = reason_words(SAY, reason())
    assert words == "Stage 2 is expected to cost 34 vehicle-seconds of delay, 17 less than the next best, stage 1."
    assert "fixed plan shows stage 2" in reason_words(SAY, reason(source="plan"))
    assert reason_words(SAY, reason(source="someone", because="a reason of its own")) == "a reason of its own"
    assert "only choice" in reason_words(SAY, reason(alternatives=(Alternative(stage=1, predicted_delay_veh_s=3.0),)))


def test_what_an_operator_did_is_said_in_words_with_their_reason() -> None:
    held = reason(source="operator", chosen=-1, because="lock_stage", note="police on site – Aina", alternatives=())
    assert reason_words(SAY, held) == "Hold stage"
    page = reason_markup(SAY, detail(held, locked=True))
    assert "police on site – Aina" in page
    assert "lock_stage" not in page
    assert reason_words(SAY, reason(source="operator", because="flash (undone)")).startswith("Flash")


def detail(why: Reason | None, **state: object) -> JunctionDetail:
    return JunctionDetail(
        id="J", name="J", time_s=25_201.0, state=junction_state(**state), stages=(), history=(), reason=why, reasons=(), sensors=(),
        plans=(),
    )  # fmt: skip


def test_reason_lists_the_choices_best_first_and_escapes() -> None:
    page = reason_markup(SAY, detail(reason(because="<img src=x>")))
    assert "<img" not in page
    assert page.index("stage 2</span>") < page.index("stage 1</span>")
    assert 'class="track best"' in page
    assert "No decision" in reason_markup(SAY, detail(None))


def test_who_decides_comes_first() -> None:
    assert "An operator decides" not in reason_markup(SAY, detail(reason()))
    assert "An operator decides" in reason_markup(SAY, detail(reason(), locked=True))
    assert "Held for A1" in reason_markup(SAY, detail(reason(), emergency="A1"))
    late = reason_markup(SAY, detail(reason(), level="plan", because="the policy is late"))
    assert "follows its fixed plan: the controller is late." in late
    assert "last decision" in late


def test_sensors_list_the_worst_first() -> None:
    lanes = [
        LaneHealth(lane="south_0", edge="south", confidence=0.9, age_s=1.0, queue_veh=3.0, state="ok"),
        LaneHealth(lane="south_1", edge="south", confidence=0.0, age_s=400.0, queue_veh=0.0, state="dead"),
    ]
    page = sensor_markup(SAY, EDGES, lanes)
    assert page.index("no data") < page.index("90 %")
    assert "↑ Jalan south" in page


def test_map_geometry_knows_where_lamps_stand() -> None:
    geometry = Geometry(
        scenario="s", left_hand=True, geographic=False, bounds_m=(0, 0, 1, 1), edges=tuple(EDGES.values()),
        junctions=(JUNCTION,),
    )  # fmt: skip
    message = map_geometry(geometry)
    assert message["edges"][0] == {"id": "south", "n": "Jalan south", "w": 1, "p": [0.0, -100.0, 0.0, -10.0]}
    assert arms(JUNCTION, EDGES) == [(0.0, -10.0, 0.0, [0, 1])]


def test_simplified_lines_keep_their_bends() -> None:
    bend = ((0.0, 0.0), (5.0, 0.1), (10.0, 0.0), (10.0, 10.0))
    assert simplified(bend) == [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]
    assert simplified(((0.0, 0.0), (3.0, 4.0), (0.0, 0.0))) == [(0.0, 0.0), (3.0, 4.0), (0.0, 0.0)]
