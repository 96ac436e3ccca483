"""What a third party's policy proves itself with: subclass :class:`PolicyTestCase` and run pytest.

::

    from citybrain.testing import PolicyTestCase
    from my_package import MyPolicy

    class TestMyPolicy(PolicyTestCase):
        def make(self):
            return MyPolicy()
"""

from __future__ import annotations

from citybrain.testing.policy import PolicyTestCase

__all__ = ["PolicyTestCase"]
