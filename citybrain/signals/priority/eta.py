"""Where a vehicle is along its route, from positions that are noisy, late or missing.

A Kalman filter of distance and speed (constant speed, random acceleration): Bar-Shalom, Li and
Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, section 6.2.
"""

from __future__ import annotations

import numpy as np

_ACCELERATION_MPS2 = 1.5
_SPEED_ERROR_MPS = 0.7


class PlaceFilter:
    """Distance along the route and speed, with their covariance.

    Parameters
    ----------
    distance_m, speed_mps : float
        First fix.
    noise_m : float
        Standard deviation of a fix.
    """

    def __init__(self, time_s: float, distance_m: float, speed_mps: float, *, noise_m: float = 8.0) -> None:
        self.time_s = time_s
        self.noise_m = noise_m
        self._x = np.array([distance_m, speed_mps])
        self._p = np.diag([noise_m**2, _SPEED_ERROR_MPS**2])

    def fix(self, time_s: float, distance_m: float, speed_mps: float) -> None:
        """Take in a fix; one older than the last is left out."""
        if time_s < self.time_s:
            return
        self._x, self._p = self._ahead(time_s)
        self.time_s = time_s
        noise = np.diag([self.noise_m**2, _SPEED_ERROR_MPS**2])
        gain = self._p @ np.linalg.inv(self._p + noise)
        self._x = self._x + gain @ (np.array([distance_m, speed_mps]) - self._x)
        self._x[1] = max(self._x[1], 0.0)
        self._p = (np.eye(2) - gain) @ self._p

    def at(self, time_s: float, *, longest_s: float = 10.0) -> tuple[float, float]:
        """Return distance and speed at a later time; dead reckoning ends after ``longest_s``."""
        x, _ = self._ahead(min(max(time_s, self.time_s), self.time_s + longest_s))
        return float(x[0]), float(max(x[1], 0.0))

    def shift(self, metres: float) -> None:
        """Count distance from another place of the same road."""
        self._x[0] += metres

    def _ahead(self, time_s: float) -> tuple[np.ndarray, np.ndarray]:
        dt = time_s - self.time_s
        move = np.array([[1.0, dt], [0.0, 1.0]])
        push = np.array([dt * dt / 2, dt]) * _ACCELERATION_MPS2
        return move @ self._x, move @ self._p @ move.T + np.outer(push, push)
