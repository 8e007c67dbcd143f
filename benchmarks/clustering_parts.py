"""Where the time of a hierarchical k-means goes."""

import functools
import importlib
from collections.abc import Callable
from contextlib import contextmanager
from unittest.mock import patch

from step_parts import OTHER, Stopwatch
from timing import quartiles

ASSIGNMENT, MEANS, EMPTY = 'assignment', 'means', 'empty clusters'
PARTS = ASSIGNMENT, MEANS, EMPTY, OTHER


def seconds_per_part(
    task: Callable, rounds: int, clock: Callable
) -> dict[str, dict]:
    """Median and quartiles of every part, and of its share of the whole."""
    runs = {part: [] for part in PARTS}
    shares = {part: [] for part in PARTS}
    for _ in range(rounds):
        watch = Stopwatch('cpu', clock, PARTS)
        with watched(watch), watch.part(OTHER):
            task()
        total = sum(watch.seconds.values())
        for part, seconds in watch.seconds.items():
            runs[part].append(seconds)
            shares[part].append(seconds / total)
    return {
        part: quartiles(runs[part]) | dict(share=quartiles(shares[part]))
        for part in PARTS
    }


@contextmanager
def watched(watch: Stopwatch):
    """Wrap the parts of k-means with a stopwatch meanwhile."""
    # The package's attribute `kmeans` is the function, not the module.
    kmeans = importlib.import_module('hirl_mm.clustering.kmeans')
    lloyd = importlib.import_module('hirl_mm.clustering.lloyd')
    assignment = kmeans.assignment

    @functools.wraps(assignment)
    def timed_assignment(*args, **kwargs):
        return watch.timed(ASSIGNMENT, assignment(*args, **kwargs))

    split = watch.timed(EMPTY, lloyd.split_into_empty)
    with (
        patch.object(kmeans, 'assignment', timed_assignment),
        patch.object(lloyd, 'split_into_empty', split),
        patch.object(lloyd, '_means', watch.timed(MEANS, lloyd._means)),
    ):
        yield
