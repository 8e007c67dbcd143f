from collections.abc import Callable, Sequence

import torch.nn.functional as F
from torch import Tensor

from hirl_mm.features.shard import Shard, share_of_this_rank
from hirl_mm.structures import PrototypeTree

from .assignment import Backend
from .kmeans import kmeans, part_of
from .searched_share import SearchedShare
from .warm_start import check_start, initial_centroids


def hierarchical_kmeans(
    features: Tensor,
    num_prototypes: Sequence[int],
    *,
    num_iters: int = 20,
    num_restarts: int | Sequence[int] = 5,
    tol: float = 0.0,
    precision: str = 'fp32',
    seed: int = 0,
    backend: Backend = 'auto',
    start: PrototypeTree | None = None,
    sample_idx: Tensor | None = None,
    on_progress: Callable[[float], None] | None = None,
    searched: SearchedShare | None = None,
) -> PrototypeTree:
    """Build a tree of prototypes by k-means, Algorithm 1 of HIRL.

    Level 0 clusters the L2-normalised features. Every further level clusters
    the L2-normalised centroids of the level below, all with the same weight,
    regardless of their numbers of samples, as the released code does
    (``utils/clustering.py``).

    Args:
        features: (n, D) floating point, features to cluster; they need not be
            normalised.
        num_prototypes: Number of prototypes per level, strictly decreasing
            from fine to coarse.
        num_iters: Largest number of iterations of a run of k-means.
        num_restarts: Number of runs of k-means, of which the best is kept;
            one number for all levels, or one per level.
        tol: Relative tolerance of k-means, a share of the objective, see
            :func:`~hirl_mm.clustering.kmeans`.
        precision: Precision of the assignments, ``'fp32'``, ``'tf32'`` or
            ``'bf16'``, see :func:`~hirl_mm.clustering.kmeans`.
        seed: Seed of the random initial centroids; level l uses ``seed + l``.
        backend: Backend of k-means, ``'auto'``, ``'torch'``, ``'triton'``,
            ``'faiss'`` or a function, see
            :func:`~hirl_mm.clustering.kmeans`.
        start: Tree for a warm start: every level starts from the prototypes
            of this tree and runs once, regardless of ``num_restarts``. If its
            numbers of prototypes differ, see
            :func:`~hirl_mm.clustering.warm_start.initial_centroids`. None
            for random initial centroids.
        sample_idx: (n,) long, sample indices of ``features`` if the set is
            distributed over all ranks; None if this process holds the whole
            set. Every rank returns the same tree of the whole set.
        on_progress: Function that is called after every iteration with the
            fraction of the work that is done, from 0 to 1; None for none.
        searched: Counts the distances that a GPU computes in float32 after a
            pass in low precision; None not to count.

    Returns:
        The tree, on the device of ``features``.

    Raises:
        ValueError: If the numbers of prototypes or restarts, the tree of the
            warm start or the features are not usable.
        StackError: If the backend is not installed or does not support the
            device.
    """
    check_num_prototypes(num_prototypes)
    restarts = restarts_per_level(num_restarts, len(num_prototypes))
    rows = F.normalize(features.detach().float(), dim=1)
    shard = Shard(rows, sample_idx)
    check_num_prototypes(num_prototypes, shard.total)
    if start is not None:
        check_start(start, len(num_prototypes), rows.size(1))
        restarts = (1,) * len(num_prototypes)
    shares = _shares_of_work(shard.total, num_prototypes, restarts)
    centroids: list[Tensor] = []
    labels: list[Tensor] = []
    objectives: list[float] = []
    for level, num in enumerate(num_prototypes):
        if level:
            rows = centroids[-1]
            if sample_idx is not None:
                rows, sample_idx = share_of_this_rank(rows)
            shard = Shard(rows, sample_idx)
        init = None
        if start is not None:
            init = initial_centroids(start, level, num, shard, seed + level)
        means, assigned, objective = kmeans(
            rows,
            num,
            init=init,
            num_iters=num_iters,
            num_restarts=restarts[level],
            tol=tol,
            precision=precision,
            seed=seed + level,
            backend=backend,
            sample_idx=sample_idx,
            on_progress=part_of(
                on_progress, sum(shares[:level]), shares[level]
            ),
            searched=searched,
        )
        labels.append(shard.gather(assigned))
        centroids.append(F.normalize(means, dim=1))
        objectives.append(objective)
    leaf, *parents = labels
    return PrototypeTree(centroids, parents, leaf, objectives)


def _shares_of_work(
    total: int, num_prototypes: Sequence[int], restarts: Sequence[int]
) -> list[float]:
    """Return the fraction of the work, in distances, of every level."""
    rows = (total, *num_prototypes)
    work = [
        n * num * runs
        for n, num, runs in zip(rows, num_prototypes, restarts, strict=False)
    ]
    return [of_level / sum(work) for of_level in work]


def restarts_per_level(
    num_restarts: int | Sequence[int], num_levels: int
) -> tuple[int, ...]:
    """Return the number of restarts of every level.

    Args:
        num_restarts: Number of restarts, one for all levels or one per level.
        num_levels: Number of levels L.

    Raises:
        ValueError: If there is not one number per level, or one is below 1.
    """
    if isinstance(num_restarts, int):
        num_restarts = (num_restarts,) * num_levels
    if len(num_restarts) != num_levels or min(num_restarts) < 1:
        raise ValueError(
            'num_restarts must be a number of at least 1, or one such number '
            f'for each of the {num_levels} levels, got {num_restarts}'
        )
    return tuple(num_restarts)


def check_num_prototypes(
    num_prototypes: Sequence[int], num_samples: int | None = None
) -> None:
    """Raise ValueError unless a tree can have these numbers of prototypes.

    Args:
        num_prototypes: Number of prototypes per level, from fine to coarse.
        num_samples: Number of samples N of the tree; None if unknown.
    """
    is_one = isinstance(num_prototypes, (int, float, str))
    nums = () if is_one else tuple(num_prototypes)
    if not nums or any(
        isinstance(n, bool) or not isinstance(n, int) for n in nums
    ):
        raise ValueError(
            'num_prototypes must be whole numbers, one per level, such as '
            f'(30000, 10000, 1000), got {num_prototypes!r}'
        )
    descending = all(
        fine > coarse for fine, coarse in zip(nums, nums[1:], strict=False)
    )
    if not descending or nums[-1] < 1:
        raise ValueError(
            'num_prototypes must strictly decrease from fine to coarse and '
            f'be positive, such as (30000, 10000, 1000), got {nums}'
        )
    if num_samples is not None and nums[0] > num_samples:
        raise ValueError(
            f'num_prototypes asks for {nums[0]} clusters of {num_samples} '
            f'images; use at most {num_samples}, or '
            f'{max(1, num_samples // 43)} for as many images per cluster as '
            'on ImageNet'
        )
