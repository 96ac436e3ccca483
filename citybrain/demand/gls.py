"""How much more or less often each route should be driven, so that modelled flows meet counts.

Generalised least squares on path flows: one term holds the flows to the counts, one holds the demand
to what it was, each weighted by how far it can be trusted. A demand that no count speaks about stays
as it is, which sampling routes from counts alone would not give.
Source: E. Cascetta, Estimation of trip matrices from traffic counts and survey data: a generalized
least squares estimator, Transportation Research Part B 18 (1984) 289-299.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear
from scipy.sparse import csr_matrix, diags, vstack

COUNT_SPREAD = 0.05
"""Standard deviation of a count beyond its own randomness, as a share of it."""
PRIOR_DISPERSION = 100.0
"""Variance of the trips on a route, over their number: the larger, the less the old demand is held to."""
MOST_FACTOR = 5.0


def route_factors(passages: csr_matrix, trips: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by what factor to multiply each route's trips.

    Minimises ``sum_e (sum_r passages[e, r] f_r - c_e)^2 / var(c_e) + sum_r (n_r f_r - n_r)^2 / (d n_r)``
    over ``0 <= f <= MOST_FACTOR``, with ``var(c) = c + (COUNT_SPREAD c)^2`` and ``d`` the dispersion.

    Parameters
    ----------
    passages : sparse matrix, shape (n_counts, n_routes)
        Vehicles of each route that passed the place of each count within its time.
    trips : ndarray, shape (n_routes,)
        Trips of each route, at least one.
    counts : ndarray, shape (n_counts,)
        Vehicles counted.
    """
    if not len(counts) or not len(trips):
        return np.ones(len(trips))
    spread = np.sqrt(np.maximum(counts, 1.0) + (COUNT_SPREAD * counts) ** 2)
    trust = np.sqrt(trips / PRIOR_DISPERSION)
    matrix = vstack([diags(1.0 / spread) @ passages, diags(trust)]).tocsr()
    wanted = np.concatenate([counts / spread, trust])
    found = lsq_linear(matrix, wanted, bounds=(0.0, MOST_FACTOR), lsmr_tol="auto")
    return np.asarray(found.x, dtype=np.float64)


def draw_copies(factors: NDArray[np.float64], *, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return how often to repeat each vehicle so that any run of neighbours has its total to within one.

    Systematic sampling: vehicles of one route should stand next to each other.
    """
    ends = np.floor(np.cumsum(factors) + generator.random())
    return np.diff(np.concatenate([[0.0], ends])).astype(np.int64)
