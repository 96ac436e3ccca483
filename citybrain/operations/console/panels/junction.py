"""One junction in depth: stages, history, the reason for what it shows, sensors, and what an operator may do."""

from __future__ import annotations

from functools import partial
from html import escape

from nicegui import ui

from citybrain.operations.console.desk import Desk
from citybrain.operations.console.elements import box, button, markup, text
from citybrain.operations.console.explain import reason_markup, sensor_markup
from citybrain.operations.console.pictures import history_picture, stage_picture
from citybrain.operations.details import JunctionDetail
from citybrain.operations.messages import CitySnapshot, JunctionState
from citybrain.operations.room import RoomError


class JunctionPanel:
    """Shows the junction that was chosen, or a road."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._id = ""
        self._edge = ""
        say = desk.say
        names = {j.id: j.name or j.id for j in sorted(desk.geometry.junctions, key=lambda j: j.name or j.id)}
        self.search = ui.select(names, label=say("junction.search"), with_input=True)
        self.search.props("outlined dense options-dense hide-dropdown-icon clearable").classes("junction-search")
        self.search.on_value_change(lambda event: event.value and desk.select("junction", event.value, True))
        self._content = box("junction-content")
        with self._content:
            text(say("junction.choose"), "quiet")

    @property
    def junction(self) -> str:
        """Id of the junction that is shown; empty where none is."""
        return self._id

    def open(self, junction_id: str) -> None:
        """Show another junction."""
        self._id, self._edge = junction_id, ""
        self._content.clear()
        try:
            detail = self.desk.room.junction(junction_id)
        except RoomError as error:
            with self._content:
                text(self.desk.say("common.gone", why=str(error)), "quiet")
            return
        with self._content:
            self._build(detail)
        self._draw(detail)

    def open_edge(self, edge_id: str) -> None:
        """Show a road."""
        say, edge = self.desk.say, self.desk.edges[edge_id]
        self._id, self._edge = "", edge_id
        self._content.clear()
        with self._content:
            text(edge.name or edge.id, tag="h2")
            text(edge.id, "quiet small")
            with box("facts", tag="dl"):
                self._road = {}
                for name in ("state", "vehicles", "speed", "limit", "lanes", "length"):
                    text(say(f"road.{name}"), tag="dt")
                    self._road[name] = text("–", tag="dd")
            self._road["limit"].set_text(f"{edge.limit_mps * 3.6:.0f} km/h")
            self._road["lanes"].set_text(str(edge.lanes))
            self._road["length"].set_text(f"{edge.length_m:.0f} m")
            if self.desk.may("close_road"):
                with box("row").style("margin-top:14px"):
                    question = say("ask.close_road", where=edge.name or edge.id)
                    button(
                        say("kind.close_road"), lambda: self.desk.act(question, "close_road", edge=edge_id), "danger"
                    )

    def show(self, snapshot: CitySnapshot) -> None:
        """Take a tick in."""
        if self._edge:
            self._draw_edge(snapshot)
        elif self._id:
            try:
                self._draw(self.desk.room.junction(self._id))
            except RoomError as error:
                self._now.set_text(self.desk.say("common.gone", why=str(error)))

    def _build(self, detail: JunctionDetail) -> None:
        say, desk = self.desk.say, self.desk
        place = desk.junctions[detail.id]
        text(detail.name or detail.id, "junction-name", tag="h2")
        self._tags = markup("", "row")
        self._now = text("", "junction-now")
        text(say("junction.stages"), tag="h3")
        self._boxes = []
        with box("stages"):
            for stage in detail.stages:
                with box("stagebox") as stagebox:
                    words = say("junction.stage_label", stage=stage.index + 1, movements="; ".join(stage.movements))
                    markup(stage_picture(stage.state, place, desk.edges, label=words)).props["title"] = words
                    text(say("junction.stage", stage=stage.index + 1))
                    if desk.may("lock_stage"):
                        self._stage_buttons(detail, stage.index)
                self._boxes.append(stagebox)
        text(say("junction.why"), tag="h3")
        self._why = markup("", "junction-why")
        text(say("junction.history"), tag="h3")
        self._history = markup("", "junction-history")
        text(say("junction.sensors"), tag="h3")
        self._sensors = markup("", "junction-sensors")
        if desk.may("isolate"):
            self._other_actions(detail)

    def _stage_buttons(self, detail: JunctionDetail, stage: int) -> None:
        say, where = self.desk.say, detail.name or detail.id
        for kind, label in (("lock_stage", "junction.lock"), ("hurry_call", "junction.hurry")):
            question = say(f"ask.{kind}", stage=stage + 1, where=where)
            button(
                say(label),
                partial(self.desk.act, question, kind, junction=detail.id, stage=stage),
                f"{kind}-{stage}",
                aria_label=f"{say(label)}: {say('junction.stage', stage=stage + 1)}",
            )

    def _other_actions(self, detail: JunctionDetail) -> None:
        say, where = self.desk.say, detail.name or detail.id
        text(say("junction.more"), tag="h3")
        with box("row"):
            for kind, look in (("isolate", ""), ("flash", "danger")):
                question = say(f"ask.{kind}", where=where)
                button(
                    say(f"kind.{kind}"),
                    partial(self.desk.act, question, kind, junction=detail.id),
                    look,
                )
        if detail.plans:
            text(say("junction.plans"), tag="h3")
        for plan in detail.plans:
            with box("item"):
                box("bar")
                with box():
                    text(say("junction.own_plan") if plan.id == "own" else plan.id, "what")
                    text(say("junction.plan_line", cycle=f"{plan.cycle_s:.0f}", offset=f"{plan.offset_s:.0f}"), "when")
                with box("acts"):
                    if plan.in_force and detail.state.level == "plan":
                        text(say("junction.in_force"), "tag")
                    question = say("ask.force_plan", plan=plan.id, where=where)
                    button(
                        say("junction.force"),
                        partial(self.desk.act, question, "force_plan", junction=detail.id, plan=plan.id),
                    )

    def _draw(self, detail: JunctionDetail) -> None:
        say, state = self.desk.say, detail.state
        self._tags.set_content(self._tag_markup(state))
        if state.stage < 0:
            now = say("junction.flashing")
        elif state.switching:
            now = say("junction.changing", stage=state.stage + 1, seconds=f"{state.remaining_s:.0f}")
        else:
            now = say("junction.showing", stage=state.stage + 1, seconds=f"{state.elapsed_s:.0f}")
        self._now.set_text(f"{now} · {say('junction.queue')}: {state.queue_veh:.0f}")
        for index, stagebox in enumerate(self._boxes):
            shown = index == state.stage and not state.switching
            coming = index == state.stage and state.switching
            add, drop = [("shown", "coming"), ("coming", "shown"), ("", "shown coming")][
                0 if shown else 1 if coming else 2
            ]
            stagebox.classes(add=add, remove=drop)
        self._why.set_content(reason_markup(say, detail))
        self._history.set_content(
            history_picture(detail.history, len(detail.stages), detail.time_s, label=say("junction.history_label"))
        )
        self._sensors.set_content(sensor_markup(say, self.desk.edges, detail.sensors))

    def _tag_markup(self, state: JunctionState) -> str:
        say = self.desk.say
        tags: list[tuple[str, str]] = [(state.level, say("junction.level") + ": " + say(f"level.{state.level}"))]
        if state.locked:
            tags.append(("locked", say("junction.locked")))
        if state.emergency:
            tags.append(("call", say("junction.call", vehicle=state.emergency)))
        if state.sensors != "ok":
            tags.append((state.sensors, say("junction.sensors") + ": " + say(f"sensor.{state.sensors}")))
        spans = [f'<span class="tag {escape(kind)}">{escape(words)}</span>' for kind, words in tags]
        because = f'<span class="quiet small">{escape(say.because(state.because))}</span>' if state.because else ""
        return "".join(spans) + because

    def _draw_edge(self, snapshot: CitySnapshot) -> None:
        at = next(i for i, edge in enumerate(self.desk.geometry.edges) if edge.id == self._edge)
        edge, edges, say = self.desk.edges[self._edge], snapshot.edges, self.desk.say
        words = say(f"map.congestion{edges.congestion[at]}")
        if self._edge in snapshot.closed:
            words = say("road.closed")
        self._road["state"].set_text(words)
        self._road["vehicles"].set_text(f"{edges.vehicles[at]:.0f}")
        self._road["speed"].set_text(f"{edges.speed_ratio[at] * edge.limit_mps * 3.6:.0f} km/h")
