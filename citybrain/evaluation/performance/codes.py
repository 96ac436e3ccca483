"""Codes of high-resolution controller events.

Source: Sturdevant et al., *Indiana Traffic Signal Hi Resolution Data Logger
Enumerations*, Purdue University / Indiana DOT, 2012 (doi:10.4231/K4RN35SH).
Only the codes that a plant can answer for are listed.
"""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """What happened; the event's parameter says to which phase, overlap, channel or number."""

    PHASE_ON = 0
    GREEN_BEGIN = 1
    MIN_GREEN_COMPLETE = 3
    GAP_OUT = 4
    MAX_OUT = 5
    FORCE_OFF = 6
    GREEN_END = 7
    YELLOW_BEGIN = 8
    YELLOW_END = 9
    RED_CLEARANCE_BEGIN = 10
    RED_CLEARANCE_END = 11
    PHASE_INACTIVE = 12
    WALK_BEGIN = 21
    CLEARANCE_BEGIN = 22
    DONT_WALK_BEGIN = 23
    OVERLAP_GREEN_BEGIN = 61
    OVERLAP_YELLOW_BEGIN = 63
    OVERLAP_RED_BEGIN = 64
    OVERLAP_OFF = 65
    DETECTOR_OFF = 81
    DETECTOR_ON = 82
    PREEMPT_CALL_ON = 102
    PREEMPT_CALL_OFF = 104
    PREEMPT_ENTRY = 105
    PREEMPT_DWELL = 107
    PREEMPT_EXIT = 111
    CYCLE_LENGTH = 132
    OFFSET = 133
    SPLIT_PHASE_1 = 134
    """Programmed split of phase 1; phases 2 to 16 follow with 135 to 149."""


TERMINATIONS = {Code.GAP_OUT: "gap-out", Code.MAX_OUT: "max-out", Code.FORCE_OFF: "force-off"}
"""How a green ended, in the words of the field."""
