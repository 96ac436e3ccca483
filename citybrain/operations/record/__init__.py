"""The record of a room: what was shown, what was asked for, and by whom; for ever, or as long as it is kept.

::

    rows ─► journal (a file, at once) ─► database (SQLite or PostgreSQL, a moment later)

The journal makes sure that nothing is lost while the database is: see :mod:`.journal` and :mod:`.recorder`.
"""
