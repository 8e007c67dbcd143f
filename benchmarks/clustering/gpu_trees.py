"""A whole hierarchical k-means in its modes and as in the released code."""

import time
from argparse import Namespace

from torch import Tensor

from benchmarks.clustering.gpu_cells import unit_rows
from benchmarks.clustering.released_gpu import ReleasedSchedule
from benchmarks.common.timing import quartiles, ratio, synchronize
from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.engine.trees.mode import clustering_mode

MODES = {
    name: clustering_mode(name, num_levels=3).kmeans_options()
    for name in ('faithful', 'fast')
}
RELEASED = 'released'


def measure_tree(args: Namespace) -> dict:
    """Time every schedule and keep its objectives per level.

    Ratios of time are taken within a round. The released schedule begins at
    the same rows as ``faithful``, so that their objectives differ by rounding
    unless it is extrapolated; then it has none.
    """
    features = unit_rows(args.tree_features, args.tree_dim, args)
    _compile(features)
    rounds, objectives = _in_turns(features, args)
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
            )
            for name in rounds
        },
        ratios={
            f'{RELEASED}/{name}': ratio(rounds[RELEASED], rounds[name])
            for name in MODES
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


def _in_turns(features: Tensor, args: Namespace) -> tuple[dict, dict]:
    """Run rounds A B C C B A; return seconds and objectives by schedule."""
    names, host = [*MODES, RELEASED], features.cpu()
    rounds, objectives = {name: [] for name in names}, {}
    for index in range(args.tree_rounds):
        first = index % len(names)
        order = names[first:] + names[:first]
        spent = dict.fromkeys(names, 0.0)
        for name in order + order[::-1]:
            seconds, objectives[name] = _run(name, features, host, args)
            spent[name] += seconds / 2
        for name in names:
            rounds[name].append(spent[name])
    return rounds, objectives


def _per_level(ours: list[float], theirs: list[float]) -> list[float]:
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def _run(
    name: str, features: Tensor, host: Tensor, args: Namespace
) -> tuple[float, list[float] | None]:
    if name == RELEASED:
        schedule = ReleasedSchedule(
            args.device, emulated_iters=args.emulated_iterations
        )
        return schedule(host, args.tree_prototypes, args.seed)
    synchronize(args.device)
    start = time.perf_counter()
    tree = hierarchical_kmeans(
        features, args.tree_prototypes, seed=args.seed, **MODES[name]
    )
    synchronize(args.device)
    return time.perf_counter() - start, [float(o) for o in tree.objective]


def _compile(features: Tensor) -> None:
    """Run every mode on few rows, so that all kernels are compiled."""
    for mode in MODES.values():
        hierarchical_kmeans(features[:500], (12, 6, 3), **mode)
