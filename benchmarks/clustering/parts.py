"""Time of the parts of a hierarchical k-means."""

import cProfile
from collections.abc import Callable
from types import CodeType

from benchmarks.common.stopwatch import OTHER
from benchmarks.common.timing import quartiles
from hirl_mm.clustering.assignment import assign_faiss, assign_faiss_gpu
from hirl_mm.clustering.cluster_sums import cluster_sums
from hirl_mm.clustering.empty_clusters import split_into_empty
from hirl_mm.clustering.torch_assignment import assign_torch
from hirl_mm.clustering.torch_exact import assign_torch_exact
from hirl_mm.clustering.triton_assignment import assign_triton
from hirl_mm.clustering.triton_exact import assign_exact

ASSIGNMENT, SUMS, EMPTY = 'assignment', 'cluster sums', 'empty clusters'
PARTS = ASSIGNMENT, SUMS, EMPTY, OTHER
FUNCTIONS = {
    ASSIGNMENT: (
        *(assign_torch, assign_torch_exact, assign_triton, assign_exact),
        *(assign_faiss, assign_faiss_gpu),
    ),
    SUMS: (cluster_sums,),
    EMPTY: (split_into_empty,),
}


def seconds_per_part(
    task: Callable[[], object], rounds: int, clock: Callable[[], float]
) -> dict[str, dict]:
    """Time the parts of a clustering on the CPU.

    Args:
        task: Function without arguments that clusters.
        rounds: Number of calls.
        clock: Function that returns seconds.

    Returns:
        For every part the median and quartiles of its seconds, and under
        ``share`` those of its share of the call.
    """
    runs = {part: [] for part in PARTS}
    shares = {part: [] for part in PARTS}
    for _ in range(rounds):
        seconds = profiled(task, clock)
        total = sum(seconds.values())
        for part in PARTS:
            runs[part].append(seconds[part])
            shares[part].append(seconds[part] / total)
    return {
        part: quartiles(runs[part]) | dict(share=quartiles(shares[part]))
        for part in PARTS
    }


def profiled(
    task: Callable[[], object], clock: Callable[[], float]
) -> dict[str, float]:
    """Call a task once under Python's profiler; return seconds per part.

    The profiler adds about a microsecond to every call of a Python function,
    of which k-means has few.
    """
    profiler = cProfile.Profile(clock, subcalls=False, builtins=False)
    start = clock()
    profiler.runcall(task)
    total = clock() - start
    spent: dict[CodeType, float] = {
        entry.code: entry.totaltime for entry in profiler.getstats()
    }
    seconds = {
        part: sum(spent.get(f.__code__, 0.0) for f in functions)
        for part, functions in FUNCTIONS.items()
    }
    return seconds | {OTHER: total - sum(seconds.values())}
