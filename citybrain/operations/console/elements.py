"""The few elements that the console is made of, all plain HTML."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

Dressed = TypeVar("Dressed", bound=ui.element)


def box(classes: str = "", tag: str = "div", **attributes: str) -> ui.element:
    """Return an element to put others in."""
    return _dressed(ui.element(tag), classes, attributes)


def text(content: str, classes: str = "", tag: str = "div", **attributes: str) -> TextElement:
    """Return an element that holds text, which the browser never takes for markup."""
    return _dressed(TextElement(tag=tag, text=content), classes, attributes)


def button(label: str, handler: Callable[[], Any], classes: str = "", **attributes: str) -> TextElement:
    """Return a button."""
    made = text(label, f"btn {classes}", tag="button", type="button", **attributes)
    made.on("click", lambda _: handler())
    return made


def markup(content: str = "", classes: str = "") -> ui.html:
    """Return an element for markup that this package made and escaped."""
    return ui.html(content, sanitize=False).classes(classes)


def _dressed(element: Dressed, classes: str, attributes: dict[str, str]) -> Dressed:
    element.classes(classes)
    for name, value in attributes.items():
        element.props[name.replace("_", "-")] = value
    return element
