"""Nearest neighbours within a set of rows, beside the product alone.

All arms get the same rows: the product of all rows with all rows, block by
block, without looking at it; hirl_mm's exact search; faiss's IndexFlatIP and
scikit-learn's brute force, which drop the first of k + 1 neighbours. Peers
search in float32: the share of neighbours that they name in another order is
counted. Features: a synthetic hierarchy.
"""

import itertools
import sys
from argparse import Namespace
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.clustering.features import mixture
from benchmarks.common.machine import describe
from benchmarks.common.memory import peak_bytes
from benchmarks.common.options import (
    add_clock,
    add_device,
    add_rounds,
    add_seed,
    check_device,
    new_parser,
    parse,
    report,
)
from benchmarks.common.packages import optional, versions
from benchmarks.common.tables import aligned_table
from benchmarks.common.threads import threads
from benchmarks.common.timing import (
    CLOCKS,
    interleaved_seconds,
    quartiles,
    ratio,
)
from hirl_mm.features import nearest_neighbors

PACKAGES = 'faiss-cpu', 'scikit-learn', 'numpy'
PRODUCT, OURS = 'product', 'hirl_mm'
ARMS = PRODUCT, OURS, 'faiss', 'scikit-learn'
QUICK = dict(num=[300], dim=[32], rounds=1)
# Rows in a block of the product, as in the search.
_BLOCK = {'cpu': 2048, 'cuda': 16384}


def parse_args() -> Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_rounds(parser)
    add_clock(parser)
    add_device(parser)
    add = parser.add_argument
    add('--num', type=int, nargs='+', default=[20_000], metavar='N')
    add('--dim', type=int, nargs='+', default=[128, 512, 2048], metavar='D')
    add('-k', type=int, default=10, help='neighbours (default: %(default)s)')
    add(
        '--arms',
        nargs='+',
        choices=ARMS,
        default=list(ARMS),
        help='arms to run besides the product (default: all)',
    )
    args = parse(parser, QUICK)
    check_device(parser, args)
    return args


def main() -> None:
    args = parse_args()
    machine = describe(args.device)
    results = []
    for size in itertools.product(args.num, args.dim):
        print('N={} D={} ...'.format(*size), file=sys.stderr)
        results.append(measure(*size, args))
    found = dict(versions=versions(*PACKAGES), sizes=results)
    report(args, machine, found, grid(results))


def measure(num: int, dim: int, args: Namespace) -> dict:
    """Measure all arms at one size; return the JSON entry."""
    features = mixture(num, dim, args.seed).to(args.device)
    found, last = searches(features, args.k), {}
    present = {
        name: search
        for name, search in found.items()
        if search is not None and name in (PRODUCT, *args.arms)
    }

    def kept(name: str) -> None:
        last[name] = present[name]()

    with threads(args.threads):
        seconds = interleaved_seconds(
            {name: lambda name=name: kept(name) for name in present},
            args.rounds,
            1,
            0,
            args.device,
            CLOCKS[args.clock],
        )
        memory = peak_bytes(found[OURS], args.device)
    return dict(
        num=num,
        dim=dim,
        k=args.k,
        bytes=memory,
        bytes_of_features=features.nbytes,
        arms={
            name: dict(
                seconds=quartiles(values),
                rounds=values,
                ratio=ratio(values, seconds[PRODUCT]),
                differing=differing(last.get(OURS), last[name]),
            )
            for name, values in seconds.items()
        },
    )


def searches(features: Tensor, k: int) -> dict[str, Callable | None]:
    """Return the arms, None where a package is missing or needs a CPU."""
    faiss, sklearn = optional('faiss'), optional('sklearn.neighbors')
    on_cpu = features.device.type == 'cpu'
    return {
        PRODUCT: lambda: product(features),
        OURS: lambda: nearest_neighbors(features, k),
        'faiss': on_cpu and faiss and (lambda: by_faiss(faiss, features, k)),
        'scikit-learn': on_cpu
        and sklearn
        and (lambda: by_sklearn(sklearn, features, k)),
    }


def product(features: Tensor) -> None:
    """Multiply all blocks of rows with all, into one block of memory."""
    block = _BLOCK.get(features.device.type, _BLOCK['cuda'])
    out = features.new_empty(block, block)
    for rows in features.split(block):
        for others in features.split(block):
            torch.mm(rows, others.T, out=out[: len(rows), : len(others)])


def by_faiss(faiss, features: Tensor, k: int) -> Tensor:
    """Search with faiss's exact index of inner products, (N, k)."""
    index = faiss.IndexFlatIP(features.size(1))
    index.add(features.numpy())
    return torch.from_numpy(index.search(features.numpy(), k + 1)[1][:, 1:])


def by_sklearn(neighbors, features: Tensor, k: int) -> Tensor:
    """Search with scikit-learn's brute force on unit rows, (N, k)."""
    search = neighbors.NearestNeighbors(n_neighbors=k + 1, algorithm='brute')
    rows = features.numpy()
    found = search.fit(rows).kneighbors(rows, return_distance=False)
    return torch.from_numpy(found[:, 1:])


def differing(ours: Tensor | None, theirs: Tensor | None) -> float | None:
    """Return the share of places with another neighbour."""
    if ours is None or theirs is None:
        return None
    return (ours != theirs).double().mean().item()


def grid(results: list[dict]) -> str:
    """Return a table of times relative to the product's."""
    rows = []
    for size in results:
        arms = size['arms']
        cells = [_cell(arms.get(name)) for name in ARMS[1:]]
        rows.append(
            (
                f'{size["num"]}, {size["dim"]}, {size["k"]}',
                f'{arms[PRODUCT]["seconds"]["median"]:.2f}',
                *cells,
                f'{size["bytes"] / 2**20:.0f}',
                f'{size["bytes_of_features"] / 2**20:.0f}',
            )
        )
    head = 'N, D, k', 'product, s', *ARMS[1:], 'MiB of hirl_mm', 'MiB of rows'
    return aligned_table(head, rows, left=1) + (
        '\nPer arm: time over that of the product, median of the rounds, and '
        "in brackets the share of neighbours in another place than hirl_mm's."
        '\n'
    )


def _cell(arm: dict | None) -> str:
    if arm is None:
        return 'missing'
    text = f'{arm["ratio"]["median"]:.2f}'
    other = arm['differing']
    return text if not other else f'{text} ({other:.1e})'


if __name__ == '__main__':
    main()
