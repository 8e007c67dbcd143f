"""The schedules of a training that becomes shorter or longer."""

from collections.abc import Mapping, Sequence

# Entries of a schedule that count epochs or iterations.
_TIMES = 'begin', 'end', 'T_max', 'milestones'


def stretched(schedules: Sequence[Mapping], share: float) -> list[dict]:
    """Return schedules that keep their shape over another number of epochs.

    Args:
        schedules: Entries of ``param_scheduler``; they are not changed.
        share: New number of epochs for every old one.

    Example:
        >>> stretched([dict(type='LinearLR', begin=0, end=10)], 0.5)
        [{'type': 'LinearLR', 'begin': 0, 'end': 5}]
    """
    return [
        {
            name: stretched_times(value, share) if name in _TIMES else value
            for name, value in schedule.items()
        }
        for schedule in schedules
    ]


def stretched_times(
    times: float | Sequence[float], share: float
) -> int | list[int]:
    """Return a number of epochs, or a list of such, times ``share``."""
    if isinstance(times, Sequence):
        return [round(time * share) for time in times]
    return round(times * share)
