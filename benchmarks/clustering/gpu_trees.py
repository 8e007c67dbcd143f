"""A whole hierarchical k-means in its modes and as in the released code."""

import time
from argparse import Namespace

from torch import Tensor

from benchmarks.clustering.gpu_cells import unit_rows
from benchmarks.clustering.released_gpu import ReleasedSchedule
from benchmarks.common.timing import quartiles, ratio, synchronize
from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.clustering.searched_share import SearchedShare
from hirl_mm.clustering.triton_assignment import has_triton
from hirl_mm.engine.trees.mode import clustering_mode

MODES = {
    name: clustering_mode(name, num_levels=3).kmeans_options()
    for name in ('faithful', 'fast')
}
RELEASED = 'released'
# What the modes took before labels of float32 came from fp16.
TF32 = 'fast, tf32'


def measure_tree(args: Namespace) -> dict:
    """Time every schedule and keep its objectives per level.

    Every schedule runs once per round, and ratios of time are taken within a
    round. The released schedule begins at the same rows as ``faithful``, so
    that their objectives differ by rounding unless it is extrapolated; then it
    has none. ``searched`` is the share of distances computed in float32 after
    a pass in low precision.
    """
    features = unit_rows(args.tree_features, args.tree_dim, args)
    schedules = dict(MODES)
    if has_triton(features.device):
        schedules[TF32] = MODES['fast'] | dict(backend='triton')
    searched = {name: SearchedShare() for name in schedules}
    _compile(features, schedules, args)
    rounds, objectives = _in_turns(features, schedules, searched, args)
    return dict(
        num_features=args.tree_features,
        num_prototypes=list(args.tree_prototypes),
        dim=args.tree_dim,
        emulated_iterations=args.emulated_iterations,
        schedules={
            name: dict(
                seconds=quartiles(rounds[name]),
                objectives=objectives[name],
                rounds=rounds[name],
                searched=searched[name].share if name in searched else None,
            )
            for name in rounds
        },
        ratios={
            f'{RELEASED}/{name}': ratio(rounds[RELEASED], rounds[name])
            for name in schedules
        },
        objective_ratios={
            f'{name}/{other}': _per_level(objectives[name], objectives[other])
            for name, other in (
                ('fast', 'faithful'),
                ('faithful', RELEASED),
                ('fast', RELEASED),
            )
            if objectives[other]
        },
    )


def _in_turns(
    features: Tensor, schedules: dict, searched: dict, args: Namespace
) -> tuple[dict, dict]:
    """Run rounds A B C, B C A; return seconds and objectives by schedule."""
    names, host = [*schedules, RELEASED], features.cpu()
    rounds, objectives = {name: [] for name in names}, {}
    for index in range(args.tree_rounds):
        first = index % len(names)
        for name in names[first:] + names[:first]:
            if name == RELEASED:
                seconds, objectives[name] = _released(host, args)
            else:
                options = schedules[name] | dict(searched=searched[name])
                seconds, objectives[name] = _ours(features, options, args)
            rounds[name].append(seconds)
    return rounds, objectives


def _per_level(ours: list[float], theirs: list[float]) -> list[float]:
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def _released(
    host: Tensor, args: Namespace
) -> tuple[float, list[float] | None]:
    schedule = ReleasedSchedule(
        args.device, emulated_iters=args.emulated_iterations or None
    )
    return schedule(host, args.tree_prototypes, args.seed)


def _ours(
    features: Tensor, options: dict, args: Namespace
) -> tuple[float, list[float]]:
    synchronize(args.device)
    start = time.perf_counter()
    tree = hierarchical_kmeans(
        features, args.tree_prototypes, seed=args.seed, **options
    )
    synchronize(args.device)
    return time.perf_counter() - start, [float(o) for o in tree.objective]


def _compile(features: Tensor, schedules: dict, args: Namespace) -> None:
    """Run an iteration of every schedule, so that kernels are compiled."""
    for options in schedules.values():
        once = options | dict(num_iters=1, num_restarts=1)
        _ours(features, once, args)
