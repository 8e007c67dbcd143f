"""k-means on a GPU beside its peers, in one run.

Part ``assignment``: rows to centroids, by ``assign_triton`` and by its kernel
alone, by torch in chunks, by flash-kmeans and fastkmeans where they are
installed, and the rate of the matrix product alone. Part ``update``: sums of
the clusters, in an order that is always the same and in any. Part ``parts``:
what two iterations of the finest level spend on what. Part ``tree``: a
hierarchical k-means as the modes ``faithful`` and ``fast`` run it, and as the
released code does.

Without a GPU nothing is measured and the JSON says so; ``--device cpu
--quick`` goes through all of it in seconds.
"""

import argparse
import sys
from itertools import product

import torch

from benchmarks.clustering.gpu_cells import measure_assignment, measure_update
from benchmarks.clustering.gpu_parts import measure_parts
from benchmarks.clustering.gpu_tables import report_tables
from benchmarks.clustering.gpu_trees import measure_tree
from benchmarks.common.machine import describe
from benchmarks.common.options import (
    add_rounds,
    add_seed,
    new_parser,
    parse,
    report,
)
from benchmarks.common.packages import versions

NOT_RUN = 'no GPU: not run'
PACKAGES = 'triton', 'flash-kmeans', 'fastkmeans'
PARTS = 'assignment', 'update', 'parts', 'tree'
PRECISIONS = 'fp32', 'tf32', 'bf16'
QUICK = dict(
    num_features=[600],
    num_clusters=[20],
    dims=[16],
    tree_features=600,
    tree_prototypes=[40, 10, 3],
    tree_dim=16,
    emulated_iterations=0,
)
COUNTS = 'rounds', 'tree_rounds'


def parse_args() -> argparse.Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_rounds(parser)
    add = parser.add_argument
    add('--device', default='cuda', help='(default: %(default)s)')
    add('--parts', nargs='+', choices=PARTS, default=list(PARTS))
    numbers = dict(type=int, nargs='+')
    sizes = [160_000, 1_281_167]
    add('--num-features', **numbers, metavar='N', default=sizes)
    add('--num-clusters', **numbers, metavar='K', default=[3750, 30_000])
    add('--dims', **numbers, metavar='D', default=[128, 256, 2048])
    add(
        '--precisions',
        nargs='+',
        choices=PRECISIONS,
        default=list(PRECISIONS),
    )
    add('--tree-features', type=int, metavar='N', default=sizes[-1])
    tree = [30_000, 10_000, 1000]
    add('--tree-prototypes', **numbers, metavar='K', default=tree)
    add('--tree-dim', type=int, metavar='D', default=128)
    add(
        '--emulated-iterations',
        type=int,
        choices=range(21),
        default=1,
        metavar='I',
        help='number of iterations of the released schedule to run at every '
        'level, from which the time of all 20 x 5 is extrapolated; 0 to run '
        'all, for minutes (default: %(default)s)',
    )
    add(
        '--tree-rounds',
        type=int,
        default=1,
        help='number of rounds of the part tree; each runs every schedule '
        'once (default: %(default)s)',
    )
    return parse(parser, QUICK, at_least_one=COUNTS)


def measure(args: argparse.Namespace) -> dict:
    """Run the chosen parts; return the results by part."""
    cells = list(product(args.dims, args.num_features, args.num_clusters))
    results = {}
    if 'assignment' in args.parts:
        results['assignment'] = []
        for (dim, num, clusters), precision in product(cells, args.precisions):
            _say(f'assignment {num} x {clusters} x {dim}, {precision}')
            results['assignment'].append(
                measure_assignment(num, clusters, dim, precision, args)
            )
    if 'update' in args.parts:
        results['update'] = []
        for dim, num, clusters in cells:
            _say(f'update {num} x {clusters} x {dim}')
            results['update'].append(measure_update(num, clusters, dim, args))
    if 'parts' in args.parts:
        _say('parts')
        results['parts'] = measure_parts(args)
    if 'tree' in args.parts:
        _say('tree')
        results['tree'] = measure_tree(args)
    return results


def _say(text: str) -> None:
    print(f'{text} ...', file=sys.stderr, flush=True)


def main() -> None:
    args = parse_args()
    absent = args.device != 'cpu' and not torch.cuda.is_available()
    machine = describe('cpu' if absent else args.device)
    found = dict(
        status=NOT_RUN if absent else 'run', versions=versions(*PACKAGES)
    )
    table = f'{NOT_RUN}\n'
    if not absent:
        found['results'] = measure(args)
        table = report_tables(found['results'])
    report(args, machine, found, table)


if __name__ == '__main__':
    main()
