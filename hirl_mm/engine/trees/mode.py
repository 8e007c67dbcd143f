"""Named settings of the second stage of HIRL."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hirl_mm.clustering import restarts_per_level
from hirl_mm.clustering.assignment import check_precision
from hirl_mm.clustering.lloyd import check_tol


@dataclass(frozen=True)
class ClusteringMode:
    """Source of the features and settings of the clustering.

    Args:
        from_training: Whether to cluster the features that the previous
            epoch computed while training; otherwise all images pass through
            the network before the clustering.
        num_iters: Maximum number of iterations of a run of k-means.
        num_restarts: Number of runs of k-means per level, from fine to
            coarse, or one number for all levels.
        tol: Relative change of the objective below which a run of k-means
            stops.
        precision: Precision of the assignments to centroids: ``'fp32'``,
            ``'tf32'`` or ``'bf16'``.
        cold_interval: Every ``cold_interval``-th tree starts from random
            images, the others from the previous tree; 1 for random images
            every time.

    Raises:
        ValueError: If a value is out of range.
    """

    from_training: bool = False
    num_iters: int = 20
    num_restarts: int | Sequence[int] = 5
    tol: float = 0.0
    precision: str = 'fp32'
    cold_interval: int = 1

    def __post_init__(self) -> None:
        if self.num_iters < 1 or self.cold_interval < 1:
            raise ValueError(
                'num_iters and cold_interval must be at least 1, got '
                f'{self.num_iters} and {self.cold_interval}'
            )
        check_tol(self.tol)
        check_precision(self.precision)

    def kmeans_options(self) -> dict:
        """Return the settings as arguments of hierarchical_kmeans."""
        return dict(
            num_iters=self.num_iters,
            num_restarts=self.num_restarts,
            tol=self.tol,
            precision=self.precision,
        )


def _fast(num_levels: int) -> ClusteringMode:
    return ClusteringMode(
        num_restarts=(1, *[5] * (num_levels - 1)), tol=1e-3, precision='tf32'
    )


def _bank(num_levels: int) -> ClusteringMode:
    return replace(_fast(num_levels), from_training=True, cold_interval=10)


MODES = {
    'faithful': lambda num_levels: ClusteringMode(),
    'fast': _fast,
    'bank': _bank,
}


def clustering_mode(
    name: str, num_levels: int, **changes: Any
) -> ClusteringMode:
    """Return the settings of a named mode, with some of them replaced.

    - ``'faithful'``: a feature pass before every tree, 20 iterations, 5
      restarts, fp32, as in the released code.
    - ``'fast'``: like faithful, but one run of k-means at the finest level,
      runs that stop when the relative change of the objective is below 1e-3,
      and tf32 where the device supports it.
    - ``'bank'``: like fast, but with the features that training has computed
      anyway; k-means starts from the previous tree, and from random images
      at every tenth tree.

    Args:
        name: Name of the mode.
        num_levels: Number of levels of the tree.
        **changes: Values that replace those of the mode, see
            :class:`ClusteringMode`; None keeps the value of the mode.

    Raises:
        ValueError: If the name is unknown or a value is out of range.
    """
    if name not in MODES:
        raise ValueError(f'mode must be one of {sorted(MODES)}, got {name!r}')
    changes = {k: v for k, v in changes.items() if v is not None}
    mode = replace(MODES[name](num_levels), **changes)
    restarts = restarts_per_level(mode.num_restarts, num_levels)
    return replace(mode, num_restarts=restarts)
