"""Named settings of the second stage of HIRL."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hirl_mm.clustering import restarts_per_level
from hirl_mm.clustering.assignment import check_precision
from hirl_mm.clustering.lloyd import check_tol


@dataclass(frozen=True)
class ClusteringMode:
    """Where features come from and how they are clustered.

    Args:
        from_training: Whether features are those that training computed in
            the epoch before; otherwise all images pass through the network.
        num_iters: Iterations per run of k-means, at most.
        num_restarts: Runs of k-means per level, fine to coarse, or one
            number for all.
        tol: Change of the objective, as a share of it, that ends a run.
        precision: Of the assignments: ``'fp32'``, ``'tf32'``, ``'bf16'``.
        cold_interval: Every so many trees k-means starts from random images;
            in between from the tree before. 1 for always.

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
        """Arguments of hierarchical k-means."""
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


def clustering_mode(name: str, num_levels: int, **changes) -> ClusteringMode:
    """The mode of a name, with the changes that are not None.

    - ``'faithful'``: a feature pass before every tree, 20 iterations, 5
      restarts, fp32; what the released code does.
    - ``'fast'``: as faithful, but one start of the finest level, runs that
      end once the objective changes by less than 1e-3 of itself, and tf32
      where the device has it.
    - ``'bank'``: as fast, with the features that training computed anyway;
      k-means starts from the tree before, and from random images at every
      tenth tree.

    Raises:
        ValueError: If there is no such mode, or a value is out of range.
    """
    if name not in MODES:
        raise ValueError(f'mode must be one of {sorted(MODES)}, got {name!r}')
    changes = {k: v for k, v in changes.items() if v is not None}
    mode = replace(MODES[name](num_levels), **changes)
    restarts = restarts_per_level(mode.num_restarts, num_levels)
    return replace(mode, num_restarts=restarts)
