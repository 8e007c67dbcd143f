"""A whole hierarchical k-means, in its modes, as before an epoch of HIRL.

One run compares `faithful` (20 iterations, 5 restarts), `fast` (restarts 1,
5, 5; stop at a relative change of 1e-3), `warm` (the same stop, and a start
from the tree of drifted features) and an emulation of HIRL's released code on
faiss. It then measures the parts of each, and how time and memory grow.
"""

import sys
from argparse import Namespace

from torch import Tensor

from benchmarks.clustering.features import from_file, mixture
from benchmarks.clustering.growth import memory_law, time_laws
from benchmarks.clustering.hierarchical_tables import (
    memory_table,
    modes_table,
    parts_table,
    time_table,
)
from benchmarks.clustering.hierarchical_tasks import (
    RELEASED,
    mode_tasks,
    released_task,
)
from benchmarks.clustering.parts import seconds_per_part
from benchmarks.clustering.released_cpu import PARTS as RELEASED_PARTS
from benchmarks.common.machine import describe
from benchmarks.common.options import (
    add_clock,
    add_rounds,
    add_seed,
    new_parser,
    parse,
    report,
)
from benchmarks.common.packages import optional
from benchmarks.common.threads import threads
from benchmarks.common.timing import (
    CLOCKS,
    interleaved_seconds,
    quartiles,
    ratio,
)

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
    add_seed(parser)
    add_rounds(parser)
    add_clock(parser)
    add = parser.add_argument
    add('--num', type=int, default=50_000, metavar='N')
    add('--dim', type=int, default=128, metavar='D')
    add('--features', help='.pt or .npz file of (N, D) to use instead')
    add('--prototypes', type=int, nargs='+', default=[1200, 400, 40])
    add('--iters', type=int, default=20)
    add('--restarts', type=int, default=5)
    add('--tol', type=float, default=1e-3, help='tolerance of fast and warm')
    add(
        '--cosine',
        type=float,
        default=0.95,
        help='drift before warm, as a mean cosine',
    )
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
    """Time the modes beside the released order, then their parts."""
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


if __name__ == '__main__':
    main()
