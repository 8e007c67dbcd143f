"""Parts of a clustering on a GPU: assignment, and what is around it."""

from argparse import Namespace
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.clustering.gpu_cells import unit_rows
from benchmarks.common.timing import interleaved_seconds, quartiles
from hirl_mm.clustering import kmeans
from hirl_mm.clustering.assignment import assignment
from hirl_mm.clustering.cluster_sums import cluster_sums
from hirl_mm.clustering.triton_assignment import has_triton
from hirl_mm.clustering.triton_exact import GroupSearch
from hirl_mm.features import Shard, check_finite

ITERATIONS = 2
RUN, ASSIGNMENT = f'{ITERATIONS} iterations', 'assignment'


def measure_parts(args: Namespace) -> dict:
    """Time the parts of level 0 of a tree, and two iterations of it.

    In the result ``bookkeeping`` is the share of two iterations, from the
    draw of the first centroids to the last labels, that their three
    assignments do not take.
    """
    features = unit_rows(args.tree_features, args.tree_dim, args)
    tasks = parts(features, args.tree_prototypes[0])
    seconds = interleaved_seconds(tasks, args.rounds, 1, 1, args.device)
    shares = [
        1 - (ITERATIONS + 1) * each / whole
        for each, whole in zip(seconds[ASSIGNMENT], seconds[RUN], strict=True)
    ]
    return dict(
        num_features=args.tree_features,
        num_clusters=args.tree_prototypes[0],
        dim=args.tree_dim,
        parts={
            name: dict(seconds=quartiles(values), rounds=values)
            for name, values in seconds.items()
        },
        bookkeeping=quartiles(shares),
    )


def parts(features: Tensor, num_clusters: int) -> dict[str, Callable]:
    """Return the parts as functions without arguments, by name.

    Names that begin with a space are parts of the part before them.

    Args:
        features: (N, D) float32, unit rows.
        num_clusters: Number of clusters K.
    """
    num, device = len(features), features.device
    centroids = features[:num_clusters] + 0
    drawn = torch.randperm(num, device=device)[:num_clusters]
    assign = assignment('auto', device, num_clusters)
    labels = assign(features, centroids)[0]
    found = {
        RUN: lambda: kmeans(features, num_clusters, num_iters=ITERATIONS),
        ASSIGNMENT: lambda: assign(features, centroids),
        'sums': lambda: cluster_sums(features, labels, num_clusters),
        ' sort': lambda: labels.sort(stable=True),
        'draw': lambda: torch.randperm(num, dtype=torch.int32),
        'first centroids': lambda: Shard(features, None).rows(drawn),
        'check': lambda: check_finite(features),
        'normalise': lambda: F.normalize(features, dim=1),
    }
    if has_triton(device):
        found |= _parts_of_assignment(features, centroids)
    return found


def _parts_of_assignment(
    features: Tensor, centroids: Tensor
) -> dict[str, Callable]:
    """Return the parts of ``assign_exact`` over a chunk of the rows."""
    search = GroupSearch(centroids)
    rows = features[: search.num_rows(2**29)]
    prepared = search.prepared(rows)
    count = rows.new_zeros(1, dtype=torch.long)
    best = torch.zeros(len(rows), dtype=torch.long, device=rows.device)
    return {
        'centroids': lambda: GroupSearch(centroids),
        f'{len(rows)} rows': lambda: search.improve(rows, best, count),
        ' rounding': lambda: search.prepared(rows),
        ' bounds': lambda: search.bounds(*prepared),
    }
