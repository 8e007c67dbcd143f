"""k-means on a CPU beside faiss and scikit-learn.

All arms start from the same centroids, do the same number of iterations and
return the labels of the centroids they end at; for faiss, whose training
gives none, that is a search. Their objectives are computed from what they
return by one routine in float64. Features: a synthetic hierarchy.
"""

import itertools
import sys
from argparse import Namespace
from functools import partial

from benchmarks.clustering.cpu_peers import (
    ARMS,
    FAISS,
    Job,
    first_centroids,
    jobs,
    objective,
)
from benchmarks.clustering.features import mixture
from benchmarks.common.machine import describe
from benchmarks.common.options import (
    add_clock,
    add_rounds,
    add_seed,
    new_parser,
    parse,
    report,
)
from benchmarks.common.packages import versions
from benchmarks.common.tables import aligned_table
from benchmarks.common.threads import threads
from benchmarks.common.timing import (
    CLOCKS,
    interleaved_seconds,
    quartiles,
    ratio,
)
from hirl_mm.clustering.assignment import assignment

PACKAGES = 'faiss-cpu', 'scikit-learn', 'numpy'
QUICK = dict(num=[300], clusters=[12], dim=[32], rounds=1, most_iters=3)


def parse_args() -> Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_rounds(parser)
    add_clock(parser)
    add = parser.add_argument
    add('--num', type=int, nargs='+', default=[20_000, 100_000], metavar='N')
    add('--clusters', type=int, nargs='+', default=[1000, 3000], metavar='K')
    add('--dim', type=int, nargs='+', default=[128, 512], metavar='D')
    add('--threads', type=int, nargs='+', default=[1], metavar='T')
    add(
        '--most-iters',
        type=int,
        default=20,
        help='maximum iterations (%(default)s)',
    )
    add(
        '--budget',
        type=float,
        default=1e11,
        help='floating point operations of a run; larger sizes get fewer '
        'iterations, but at least 2 (default: %(default).0e)',
    )
    args = parse(parser, QUICK)
    if args.clock == 'process' and args.threads != [1]:
        parser.error('--clock process measures one thread alone')
    return args


def main() -> None:
    args = parse_args()
    machine = describe('cpu')
    sizes = list(
        itertools.product(args.num, args.clusters, args.dim, args.threads)
    )
    results = []
    for size in sizes:
        print('N={} K={} D={} threads={} ...'.format(*size), file=sys.stderr)
        results.append(measure(*size, args))
    found = dict(versions=versions(*PACKAGES), sizes=results)
    report(args, machine, found, grid(results))


def measure(
    num: int, clusters: int, dim: int, num_threads: int, args: Namespace
) -> dict:
    """Measure all implementations at one size; return the JSON entry."""
    features = mixture(num, dim, args.seed)
    iters = int(args.budget / (2 * num * clusters * dim))
    iters = max(2, min(args.most_iters, iters))
    found = jobs(features, clusters, iters, args.seed)
    present = {name: job for name, job in found.items() if job is not None}
    seconds, last = timed(present, num_threads, args)
    objectives = {k: objective(features, *v) for k, v in last.items()}
    base = FAISS if FAISS in present else next(iter(present))
    return dict(
        num=num,
        clusters=clusters,
        dim=dim,
        threads=num_threads,
        iters=iters,
        base=base,
        first_objective=_first(features, clusters, args.seed),
        missing=[name for name in found if name not in present],
        arms={
            name: dict(
                seconds=quartiles(values),
                rounds=values,
                ratio=ratio(values, seconds[base]),
                objective=objectives[name],
                objective_ratio=objectives[name] / objectives[base],
            )
            for name, values in seconds.items()
        },
    )


def timed(
    present: dict[str, Job], num_threads: int, args: Namespace
) -> tuple[dict, dict]:
    """Return the seconds of every round, and what each job returned last."""
    last = {}

    def kept(name: str) -> None:
        last[name] = present[name]()

    with threads(num_threads):
        seconds = interleaved_seconds(
            {name: partial(kept, name) for name in present},
            args.rounds,
            1,
            0,
            'cpu',
            CLOCKS[args.clock],
        )
    return seconds, last


def _first(features, clusters: int, seed: int) -> float:
    """Return the objective of the initial centroids."""
    start = first_centroids(features, clusters, seed)
    labels = assignment('torch', features.device, clusters)(features, start)[0]
    return objective(features, start, labels)


def grid(results: list[dict]) -> str:
    """Return a table of times and objectives relative to the base's."""
    rows = []
    for size in results:
        arms = size['arms']
        head = f'{size["num"]}, {size["clusters"]}, {size["dim"]}'
        seconds = arms[size['base']]['seconds']['median']
        cells = [
            _cell(arms[name]) if name in arms else 'missing' for name in ARMS
        ]
        rows.append(
            (head, f'{size["threads"]}', f'{size["iters"]}', f'{seconds:.2f}')
            + tuple(cells)
        )
    base = results[0]['base']
    head = ('N, K, D', 'threads', 'iterations', f'{base}, s', *ARMS)
    return aligned_table(head, rows, left=1) + (
        f'\nPer arm: time over that of {base}, median of the rounds, and in '
        'brackets the objective over its own.\n'
    )


def _cell(arm: dict) -> str:
    return f'{arm["ratio"]["median"]:.3f} ({arm["objective_ratio"]:.6f})'


if __name__ == '__main__':
    main()
