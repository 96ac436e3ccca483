"""City traffic signals: adaptive control, retiming and priority, measured in SUMO.

Importing this package touches no environment, file or simulator: SUMO is
located when a plant is opened.
"""

import logging
from importlib.metadata import PackageNotFoundError, version

logging.getLogger("citybrain").addHandler(logging.NullHandler())

try:
    __version__ = version("citybrain")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.0.0"

__all__ = ["__version__"]
