"""The control room: a live loop that people watch, override and answer for.

::

    loop process  ── LoopReport each tick ─►  service process ─► ControlRoom ─► API, console
                  ◄── actions, requests ────        └─► record (database)

:mod:`.messages`, :mod:`.details` and :mod:`.actions` are what is shown and asked for, :mod:`.room` is the facade
that the API and the console use. The console is the package ``console`` in here: ``create_app`` calls its
``mount(app, room, access)`` where it can be imported; ``access`` (:class:`.access.Access`) tells whose a token is.
"""
