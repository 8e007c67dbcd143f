"""k-means on a GPU beside its peers, in one run.

Part ``assignment``: rows to centroids, by ``assign_triton`` and by its kernel
alone, by torch in chunks, by flash-kmeans and fastkmeans where they are
installed, and the rate of the matrix product alone. Part ``update``: sums of
the clusters, in an order that is always the same and in any. Part ``tree``: a
hierarchical k-means as the modes ``faithful`` and ``fast`` run it, and as the
released code does.

Without a GPU nothing is measured and the JSON says so; ``--device cpu
--quick`` goes through all of it in seconds.
"""

import argparse
import json
import os
import sys
from importlib import metadata
from itertools import product

# Not a word from the profiler of a machine without a GPU.
os.environ.setdefault('KINETO_LOG_LEVEL', '99')

import torch
from assignment_cells import measure_assignment, measure_update
from kmeans_gpu_tables import report_tables
from machine import describe
from tree_schedules import measure_tree

from hirl_mm.files import replacing

NOT_RUN = 'no GPU: not run'
PACKAGES = ('triton', 'flash-kmeans', 'fastkmeans')
PARTS = ('assignment', 'update', 'tree')
FULL = dict(
    num_features=[160_000, 1_281_167],
    num_clusters=[3750, 30_000],
    dims=[128, 256, 2048],
    tree_features=1_281_167,
    tree_prototypes=[30_000, 10_000, 1000],
    tree_dim=128,
)
SMALL = dict(
    num_features=[600],
    num_clusters=[20],
    dims=[16],
    tree_features=600,
    tree_prototypes=[40, 10, 3],
    tree_dim=16,
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--device', default='cuda', help='(default: %(default)s)')
    add('--quick', action='store_true', help='tiny sizes, to see it run')
    add('--parts', nargs='+', choices=PARTS, default=list(PARTS))
    add('--num-features', type=int, nargs='+', metavar='N')
    add('--num-clusters', type=int, nargs='+', metavar='K')
    add('--dims', type=int, nargs='+', metavar='D')
    add(
        '--precisions',
        nargs='+',
        choices=['fp32', 'tf32', 'bf16'],
        default=['fp32', 'tf32', 'bf16'],
    )
    add('--tree-features', type=int, metavar='N')
    add('--tree-prototypes', type=int, nargs='+', metavar='K')
    add('--tree-dim', type=int, metavar='D')
    add(
        '--emulated-iterations',
        type=int,
        metavar='I',
        help='run only so many iterations of the released schedule at every '
        'level and extrapolate its time to all 20 x 5 (default: run all)',
    )
    add('--rounds', type=int, default=3, help='(default: %(default)s)')
    add(
        '--tree-rounds',
        type=int,
        default=1,
        help='each runs every schedule twice (default: %(default)s)',
    )
    add('--seed', type=int, default=0)
    add('--out', help='JSON file for the result')
    args = parser.parse_args()
    for name in ('rounds', 'tree_rounds', 'emulated_iterations'):
        value = getattr(args, name)
        if value is not None and value < 1:
            parser.error(f'--{name.replace("_", "-")} must be at least 1')
    for name, value in (SMALL if args.quick else FULL).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    return args


def measure(args: argparse.Namespace) -> dict:
    cells = list(product(args.dims, args.num_features, args.num_clusters))
    results = {}
    if 'assignment' in args.parts:
        results['assignment'] = []
        for (dim, num, clusters), precision in product(cells, args.precisions):
            say(f'assignment {num} x {clusters} x {dim}, {precision}')
            results['assignment'].append(
                measure_assignment(num, clusters, dim, precision, args)
            )
    if 'update' in args.parts:
        results['update'] = []
        for dim, num, clusters in cells:
            say(f'update {num} x {clusters} x {dim}')
            results['update'].append(measure_update(num, clusters, dim, args))
    if 'tree' in args.parts:
        say('tree')
        results['tree'] = measure_tree(args)
    return results


def versions() -> dict[str, str | None]:
    """Of the packages that take part; None where one is missing."""
    found = dict.fromkeys(PACKAGES)
    for name in found:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def say(text: str) -> None:
    print(f'{text} ...', file=sys.stderr, flush=True)


def main() -> None:
    args = parse_args()
    absent = args.device != 'cpu' and not torch.cuda.is_available()
    # Before the work, during which someone may commit.
    report = dict(
        status=NOT_RUN if absent else 'run',
        machine=describe('cpu' if absent else args.device),
        versions=versions(),
        options=vars(args),
    )
    if absent:
        print(NOT_RUN)
    else:
        report['results'] = measure(args)
        print(report_tables(report['results']))
    if args.out:
        with replacing(args.out) as temporary:
            temporary.write_text(json.dumps(report, indent=2) + '\n')
        print(f'written to {args.out}')


if __name__ == '__main__':
    main()
