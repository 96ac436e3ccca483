"""The control room: a live loop that people watch, override and answer for.

::

    loop process  ── LoopReport each tick ─►  service process ─► ControlRoom ─► API, console
                  ◄── actions, requests ────        └─► record (database)

:mod:`.messages` is what is shown and asked for, :mod:`.room` the facade that the API and the console use.
"""
