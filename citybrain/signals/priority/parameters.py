"""Parameters of emergency priority; one set for all networks."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PriorityParameters(BaseModel):
    """How far ahead, how early and for how long.

    Parameters
    ----------
    ahead : int
        Most junctions ahead of a vehicle that are served at a time.
    ahead_m : float
        Farthest stop line that is served.
    start_up_s, headway_s : float
        Of a queue that discharges (Highway Capacity Manual: about 2 s each).
    margin_s : float
        How much sooner than needed the last queued vehicle should be gone.
    hold_s : float
        Longest green for a vehicle that does not come (NTCIP 1202: maximum presence).
    near_s, extra_s : float
        A hold goes on by up to ``extra_s`` for a vehicle expected within ``near_s``, or before that time is over.
    earliest_s : float
        How long before the vehicle clearing may begin at most.
    lockout_s : float
        Time for the others after that.
    futile_s : float
        Where a vehicle still stands so long after its queue must have gone, green does nothing for
        it: what stops it is elsewhere, and the others are served first.
    turnout_s, least_turnout_s : float
        From the call until the crew is on the road, as expected; and what is expected at least
        of one that has not started since.
    stale_s : float
        A vehicle that is not heard of for so long is given up.
    replan_s : float
        Between looks for a better way.
    replan_gain_s, replan_gain : float
        What another way must save, in seconds and as a share of the rest of the trip.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ahead: int = Field(default=4, ge=1, le=20)
    ahead_m: float = Field(default=1500.0, gt=0)
    start_up_s: float = Field(default=2.0, ge=0, le=10)
    headway_s: float = Field(default=2.1, gt=0, le=10)
    margin_s: float = Field(default=4.0, ge=0, le=60)
    hold_s: float = Field(default=75.0, gt=0, le=300)
    near_s: float = Field(default=12.0, ge=0, le=60)
    extra_s: float = Field(default=25.0, ge=0, le=120)
    earliest_s: float = Field(default=55.0, gt=0, le=300)
    lockout_s: float = Field(default=20.0, ge=0, le=300)
    futile_s: float = Field(default=15.0, ge=0, le=300)
    turnout_s: float = Field(default=60.0, ge=0, le=600)
    least_turnout_s: float = Field(default=4.0, ge=0, le=600)
    stale_s: float = Field(default=20.0, gt=0, le=300)
    replan_s: float = Field(default=20.0, gt=0)
    replan_gain_s: float = Field(default=15.0, ge=0)
    replan_gain: float = Field(default=0.1, ge=0, le=1)
