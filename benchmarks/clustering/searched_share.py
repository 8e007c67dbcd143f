"""How much a pass in low precision leaves over, computed on a CPU.

Clusters features, and bounds the distances of some rows to all centroids as
``assign_exact`` does, in several precisions: before the first iteration, whose
centroids are rows, and after the last. ``unsettled`` rows have more than one
centroid within the bounds: a search that keeps the best two repeats them in
float32 against all centroids. ``searched`` is the share of distances that is
computed in float32 if groups of centroids are kept.
"""

import argparse

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.clustering.features import digits, from_file, mixture
from benchmarks.clustering.gpu_cells import unit_rows
from benchmarks.common.machine import describe
from benchmarks.common.options import add_seed, new_parser, parse, report
from benchmarks.common.tables import aligned_table
from hirl_mm.clustering import kmeans
from hirl_mm.clustering.exact_bounds import (
    TOP_EXPONENT,
    GroupFacts,
    RowFacts,
    common_scale,
    squared_bounds,
)
from hirl_mm.clustering.torch_exact import to_tf32

QUICK = dict(num_features=400, num_clusters=40, num_rows=50, num_iters=2)
_HEAD = (
    'features',
    'centroids',
    'precision',
    'unsettled rows',
    'groups per row',
    'searched',
)


def to_fp16(rows: Tensor) -> Tensor:
    """Round float32 rows to fp16, each scaled by a power of two."""
    _, exponent = torch.frexp(rows.abs().amax(1, keepdim=True))
    exponent = TOP_EXPONENT - exponent
    return rows.ldexp(exponent).half().float().ldexp(-exponent)


PRECISIONS = dict(
    fp16=to_fp16, tf32=to_tf32, bf16=lambda rows: rows.bfloat16().float()
)


def left_over(
    rows: Tensor, centroids: Tensor, precision: str, group: int
) -> dict[str, float]:
    """Return what low precision leaves to float32.

    Args:
        rows: (n, D) float32.
        centroids: (K, D) float32.
        precision: Key of ``PRECISIONS``.
        group: Number of centroids of a group.

    Returns:
        Share of rows with more than one centroid, groups per row, and the
        share of all distances.
    """
    num, dim = rows.shape
    mean = centroids.mean(0)
    scale = common_scale(centroids - mean)
    x, c = (rows - mean) * scale, (centroids - mean) * scale
    low_x, low_c = PRECISIONS[precision](x), PRECISIONS[precision](c)
    each = RowFacts.of(c, low_c)
    facts = RowFacts(*(fact[:, None] for fact in RowFacts.of(x, low_x)))
    score = torch.addmm(each.square * -0.5, low_x, low_c.T)
    left = {}
    for size in (1, group):
        padding = -len(centroids) % size
        best = F.pad(score, (0, padding), value=-torch.inf)
        padded = RowFacts(*(F.pad(fact, (0, padding)) for fact in each))
        groups = GroupFacts.of(padded, scale, size, dim)
        best = best.view(num, -1, size).amax(2)
        lower, upper = squared_bounds(best, facts, groups, dim)
        left[size] = (lower <= upper.amin(1, keepdim=True)).sum(1).double()
    per_row = float(left[group].mean())
    return dict(
        unsettled=float((left[1] > 1).double().mean()),
        groups_per_row=per_row,
        searched=per_row * group / len(centroids),
    )


def measure(args: argparse.Namespace) -> list[dict]:
    """Cluster every kind of features; return a result per precision."""
    found = []
    for name, features in _features(args).items():
        num_clusters = min(args.num_clusters, len(features) // 3)
        generator = torch.Generator().manual_seed(args.seed)
        drawn = torch.randperm(len(features), generator=generator)
        rows = features[drawn[-args.num_rows :]]
        ends = kmeans(
            features,
            num_clusters,
            num_iters=args.num_iters,
            seed=args.seed,
            backend='torch',
        )
        stages = dict(first=features[drawn[:num_clusters]], last=ends[0])
        for stage, centroids in stages.items():
            for precision in PRECISIONS:
                left = left_over(rows, centroids, precision, args.group)
                where = dict(features=name, centroids=stage)
                found.append(where | dict(precision=precision) | left)
    return found


def _features(args: argparse.Namespace) -> dict[str, Tensor]:
    if args.features:
        return {args.features: F.normalize(from_file(args.features), dim=1)}
    args.device = 'cpu'
    return dict(
        hierarchy=mixture(args.num_features, 128, args.seed),
        scattered=unit_rows(args.num_features, 128, args),
        digits=digits(),
    )


def table(found: list[dict]) -> str:
    """Return the results as a table in Markdown."""
    rows = [
        (
            row['features'],
            row['centroids'],
            row['precision'],
            f'{row["unsettled"]:.1%}',
            f'{row["groups_per_row"]:.3f}',
            f'{row["searched"]:.2%}',
        )
        for row in found
    ]
    return aligned_table(_HEAD, rows, left=3)


def main() -> None:
    parser = new_parser(__doc__)
    add_seed(parser)
    add = parser.add_argument
    numbers = dict(type=int, metavar='N')
    add('--features', help='file of features (N, D), .pt or .npz')
    add('--num-features', default=60_000, **numbers)
    add('--num-clusters', default=1400, **numbers)
    add('--num-rows', default=2000, help='rows to bound', **numbers)
    add('--num-iters', default=8, **numbers)
    add('--group', default=128, help='centroids of a group', **numbers)
    counts = 'num_features', 'num_clusters', 'num_rows', 'num_iters', 'group'
    args = parse(parser, QUICK, at_least_one=counts)
    found = measure(args)
    report(args, describe('cpu'), dict(shares=found), table(found))


if __name__ == '__main__':
    main()
