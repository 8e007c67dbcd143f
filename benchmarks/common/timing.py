"""Comparison of times on a machine that other processes use too."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import torch

# On a CPU that others use too, time of the process leaves out what it spent
# waiting for a core. It says nothing about an accelerator.
CLOCKS = dict(wall=time.perf_counter, process=time.process_time)


def synchronize(device: str) -> None:
    """Wait until the device has done what it was given."""
    if torch.device(device).type == 'cuda':
        torch.cuda.synchronize()


def interleaved_seconds(
    tasks: Mapping[str, Callable],
    rounds: int,
    repeats: int,
    warmup: int,
    device: str,
    clock: Callable = time.perf_counter,
) -> dict[str, list[float]]:
    """Time tasks in turns.

    A round runs the tasks in one order and then in the reverse one, A B B A,
    ``repeats`` calls at a time, so that a machine that gets slower or faster
    during a round does so for all of them. Every round begins with another
    task.

    Args:
        tasks: Functions without arguments, by name.
        rounds: Number of rounds.
        repeats: Calls of a task per turn.
        warmup: Calls of each task before the first round.
        device: Device to wait for before and after every turn.
        clock: Function that returns seconds.

    Returns:
        Seconds per call, one value per round, by the name of the task.
    """
    names = list(tasks)
    for name in names:
        for _ in range(warmup):
            tasks[name]()
    seconds = {name: [] for name in names}
    for index in range(rounds):
        first = index % len(names)
        order = names[first:] + names[:first]
        spent = dict.fromkeys(names, 0.0)
        for name in order + order[::-1]:
            synchronize(device)
            start = clock()
            for _ in range(repeats):
                tasks[name]()
            synchronize(device)
            spent[name] += clock() - start
        for name in names:
            seconds[name].append(spent[name] / (2 * repeats))
    return seconds


def quartiles(values: Sequence[float]) -> dict[str, float]:
    """Return median and quartiles; of a single value, three times itself."""
    if len(values) == 1:
        return dict(median=values[0], q1=values[0], q3=values[0])
    q1, median, q3 = statistics.quantiles(values, n=4, method='inclusive')
    return dict(median=median, q1=q1, q3=q3)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """Return quartiles of the ratio of two tasks, taken round by round.

    Args:
        ours: Seconds of one task of :func:`interleaved_seconds`.
        theirs: Seconds of another task of the same call.
    """
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return quartiles(ratios) | dict(of_minima=min(ours) / min(theirs))
