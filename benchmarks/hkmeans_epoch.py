"""A whole hierarchical k-means, in its modes, as an epoch of HIRL needs it.

In one run: `faithful` (20 iterations, 5 restarts), `fast` (restarts 1, 5, 5;
stop at a relative change of 1e-3), `warm` (from the tree of drifted features;
likewise) and the order of work of HIRL's released code on faiss, emulated.
Then where the time goes, and how time and memory grow.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from types import ModuleType

# Not a word from the profiler of a machine without a GPU.
os.environ.setdefault('KINETO_LOG_LEVEL', '99')

import torch.nn.functional as F
from clustering_laws import memory_law, time_laws
from clustering_parts import seconds_per_part
from hkmeans_tables import (
    memory_table,
    modes_table,
    parts_table,
    time_table,
)
from kmeans_peers import optional, threads
from machine import describe
from mixtures import drifted, from_file, mixture
from options import add_clock, add_rounds, new_parser, parse, report
from released_schedule import PARTS as RELEASED_PARTS
from released_schedule import released_schedule
from step_parts import OTHER, Stopwatch
from timing import CLOCKS, interleaved_seconds, quartiles, ratio
from torch import Tensor

from hirl_mm.clustering import hierarchical_kmeans

RELEASED = 'released order'
QUICK = dict(
    num=400,
    dim=32,
    prototypes=[24, 8, 2],
    rounds=1,
    iters=3,
    restarts=2,
    law_sizes=[100, 12, 32],
    law_iters=1,
)


def parse_args() -> Namespace:
    parser = new_parser(__doc__)
    add_rounds(parser)
    add_clock(parser)
    add = parser.add_argument
    add('--num', type=int, default=50_000, metavar='N')
    add('--dim', type=int, default=128, metavar='D')
    add('--features', help='.pt or .npz of (N, D) instead of a synthetic set')
    add('--prototypes', type=int, nargs='+', default=[1200, 400, 40])
    add('--iters', type=int, default=20)
    add('--restarts', type=int, default=5)
    add('--tol', type=float, default=1e-3, help='of fast and warm')
    add('--cosine', type=float, default=0.95, help='of the drift before warm')
    add('--backend', default='auto')
    add('--law-sizes', type=int, nargs=3, default=[12_500, 600, 128])
    add('--law-factors', type=int, nargs='+', default=[1, 2, 4])
    add('--law-iters', type=int, default=5)
    add('--no-laws', action='store_true', help='leave out growth')
    return parse(parser, QUICK)


def main() -> None:
    args = parse_args()
    machine = describe('cpu')
    with threads(1):
        features = mixture(args.num, args.dim, args.seed)
        if args.features:
            features = from_file(args.features)
        results = measure(features, args)
        texts = [modes_table(results), parts_table(results)]
        if not args.no_laws:
            print('growth ...', file=sys.stderr)
            results['time'] = time_laws(args, CLOCKS[args.clock])
            results['memory'] = memory_law(args)
            texts += [time_table(results), memory_table(results)]
    report(args, machine, results, *texts)


def measure(features: Tensor, args: Namespace) -> dict:
    """The modes beside the released order, and their parts."""
    last, watches, clock = {}, [], CLOCKS[args.clock]
    tasks = mode_tasks(features, args, last)
    names, faiss = list(tasks), optional('faiss')
    if faiss is not None:
        tasks[RELEASED] = released_task(faiss, features, args, last, watches)
    print('modes ...', file=sys.stderr)
    seconds = interleaved_seconds(tasks, args.rounds, 1, 0, 'cpu', clock)
    base = RELEASED if RELEASED in seconds else 'faithful'
    print('parts ...', file=sys.stderr)
    return dict(
        size=dict(shape=list(features.shape), prototypes=args.prototypes),
        base=base,
        missing=[] if faiss is not None else [RELEASED],
        modes={
            name: dict(
                seconds=quartiles(values),
                rounds=values,
                ratio=ratio(values, seconds[base]),
                objective=list(last[name]),
                objective_ratio=[
                    a / b for a, b in zip(last[name], last[base], strict=True)
                ],
            )
            for name, values in seconds.items()
        },
        parts={
            name: seconds_per_part(tasks[name], args.rounds, clock)
            for name in names
        },
        released_parts={
            part: quartiles([seconds[part] for seconds in watches])
            for part in RELEASED_PARTS
            if watches
        },
    )


def mode_tasks(
    features: Tensor, args: Namespace, last: dict
) -> dict[str, Callable]:
    """Per mode a function that leaves its objectives in ``last``."""
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
    """The released order; adds the seconds of its parts to ``watches``."""
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
    """Options of hierarchical k-means per mode."""
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


if __name__ == '__main__':
    main()
