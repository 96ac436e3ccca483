"""How ``--seeds`` is read, the same for every command."""

from __future__ import annotations

from citybrain.errors import InputError

_MOST_SEEDS = 10_000
_HIGHEST_SEED = 2**31 - 1  # of SUMO's random numbers


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read ``5`` as seeds 1 to 5, and ``3,`` or ``1,4,9`` as they are."""
    numbers = []
    for part in (part.strip() for part in text.split(",")):
        try:
            numbers += [int(part)] if part else []
        except ValueError:
            raise InputError(f"--seeds {text!r}: {part!r} is not an integer; use --seeds 5 or --seeds 1,2,3") from None
    if "," not in text and len(numbers) == 1:
        if not 1 <= numbers[0] <= _MOST_SEEDS:
            raise InputError(f"--seeds {text!r}: as a number of seeds it must be 1 to {_MOST_SEEDS}")
        return tuple(range(1, numbers[0] + 1))
    if not numbers or len(set(numbers)) != len(numbers) or min(numbers) < 0 or max(numbers) > _HIGHEST_SEED:
        raise InputError(f"--seeds {text!r}: needs different integers of 0 to {_HIGHEST_SEED}, such as 1,2,3")
    return tuple(numbers)
