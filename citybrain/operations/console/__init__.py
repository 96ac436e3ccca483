"""The console: what people in the control room see in a browser.

::

    ControlRoom ─► Feed ─► one difference a tick ─► every Console: strip, map, panel
                   Desk ◄── actions, with reason and time limit ── panels

:func:`mount` puts it onto the service's web application. All assets come from this machine.
"""

from citybrain.operations.console.app import mount

__all__ = ["mount"]
