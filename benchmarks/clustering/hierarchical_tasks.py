"""The modes of a hierarchical k-means and their peer, as functions to time."""

from argparse import Namespace
from collections.abc import Callable
from functools import partial
from types import ModuleType

import torch.nn.functional as F
from torch import Tensor

from benchmarks.clustering.features import drifted
from benchmarks.clustering.released_cpu import PARTS as RELEASED_PARTS
from benchmarks.clustering.released_cpu import released_schedule
from benchmarks.common.stopwatch import OTHER, Stopwatch
from benchmarks.common.timing import CLOCKS
from hirl_mm.clustering import hierarchical_kmeans

RELEASED = 'released order'


def mode_tasks(
    features: Tensor, args: Namespace, last: dict
) -> dict[str, Callable]:
    """Return a function per mode that leaves its objectives in ``last``."""
    options = modes(features, args)

    def cluster(name: str) -> None:
        tree = hierarchical_kmeans(
            features,
            args.prototypes,
            num_iters=args.iters,
            seed=args.seed,
            backend=args.backend,
            **options[name],
        )
        last[name] = tree.objective

    return {name: partial(cluster, name) for name in options}


def released_task(
    faiss: ModuleType,
    features: Tensor,
    args: Namespace,
    last: dict,
    watches: list[dict],
) -> Callable:
    """Return the released order as a function without arguments.

    It leaves its objectives in ``last`` and appends the seconds of its parts
    to ``watches``.
    """
    rows = F.normalize(features.float())

    def task() -> None:
        watch = Stopwatch('cpu', CLOCKS[args.clock], RELEASED_PARTS)
        with watch.part(OTHER):
            last[RELEASED] = released_schedule(
                faiss,
                rows,
                args.prototypes,
                args.iters,
                args.restarts,
                args.seed,
                watch,
            )
        watches.append(watch.seconds)

    return task


def modes(features: Tensor, args: Namespace) -> dict[str, dict]:
    """Return the options of hierarchical k-means of every mode."""
    upper = (args.restarts,) * (len(args.prototypes) - 1)
    before = hierarchical_kmeans(
        drifted(features, args.cosine, args.seed + 1),
        args.prototypes,
        num_iters=args.iters,
        num_restarts=(1, *upper),
        seed=args.seed + 100,
        backend=args.backend,
    )
    return dict(
        faithful=dict(num_restarts=args.restarts),
        fast=dict(num_restarts=(1, *upper), tol=args.tol),
        warm=dict(start=before, tol=args.tol),
    )
