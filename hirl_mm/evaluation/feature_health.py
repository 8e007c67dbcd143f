"""How good the features of a training are, and what is wrong with them."""

import math
from dataclasses import dataclass

# Kinds of faults.
WORSE, COLLAPSED = 'kNN accuracy', 'spread of the features'
EMPTY, BROKEN = 'use of the prototypes', 'finite features'

ADVICE = {
    WORSE: (
        'In the first epochs this is common: train on while the kNN accuracy '
        'rises again or the loss falls. Otherwise use a lower learning rate '
        '(optim_wrapper.optimizer.lr), milder crops (a larger '
        'crop_ratio_range) or more epochs'
    ),
    COLLAPSED: (
        'The network maps different images to the same few directions. '
        'Resume from an earlier checkpoint with a lower learning rate, or '
        'begin anew with a longer warm-up of the learning rate, larger '
        'batches or, for DINO and iBOT, a lower temperature of the teacher'
    ),
    EMPTY: (
        'Use fewer prototypes (num_prototypes), or build the first tree '
        'later (start_epoch)'
    ),
    BROKEN: 'Gradients may also be clipped (optim_wrapper.clip_grad)',
}


@dataclass(frozen=True)
class FeatureHealth:
    """Figures of the features of some images after an epoch.

    Args:
        rank: Effective rank, see
            :func:`~hirl_mm.evaluation.functional.effective_rank`.
        spread: Standard deviation of the L2-normalised features, see
            :func:`~hirl_mm.clustering.spread.feature_spread`.
        knn: kNN accuracy in percent; None without labels.
        num_queries: Number of images that ``knn`` is the accuracy of.
        tree_use: Effective number of prototypes of the finest level, the
            exponential of the entropy of their sizes, divided by the number
            of prototypes; None without a tree.
    """

    rank: float
    spread: float
    knn: float | None = None
    num_queries: int = 0
    tree_use: float | None = None

    def scalars(self) -> dict[str, float]:
        """Return the figures that there are, named for the log."""
        figures = dict(
            effective_rank=self.rank,
            feature_spread=self.spread,
            knn=self.knn,
            tree_use=self.tree_use,
        )
        return {
            f'health/{name}': value
            for name, value in figures.items()
            if value is not None
        }

    def faults(
        self, first: 'FeatureHealth', min_share: float
    ) -> dict[str, str | None]:
        """Return what is worse than at the start, by kind of fault.

        Args:
            first: Figures of the initial weights, with the tree use of the
                first tree.
            min_share: Effective rank, spread and tree use are at fault below
                this share of their first value.

        Returns:
            A text per kind, without advice; None for a kind that is fine. A
            kind that cannot be judged, such as kNN without labels, is left
            out.
        """
        found: dict[str, str | None] = {COLLAPSED: None}
        if self.rank < min_share * first.rank:
            found[COLLAPSED] = (
                f'the effective rank of the features is {self.rank:.1f}, it '
                f'was {first.rank:.1f} at the start'
            )
        elif self.spread < min_share * first.spread:
            found[COLLAPSED] = (
                f'the spread of the features is {self.spread:.2g} (0 is a '
                f'single direction), it was {first.spread:.2g} at the start'
            )
        if self.knn is not None and first.knn is not None:
            found[WORSE] = None
            margin = knn_margin(first.knn, self.num_queries)
            if self.knn < first.knn - margin:
                found[WORSE] = (
                    f'kNN {self.knn:.1f} % is below the {first.knn:.1f} % of '
                    f'the initial weights (chance explains {margin:.1f} '
                    f'points with {self.num_queries} images)'
                )
        if self.tree_use is not None and first.tree_use is not None:
            found[EMPTY] = None
            if self.tree_use < min_share * first.tree_use:
                found[EMPTY] = (
                    f'the images use {self.tree_use:.0%} of the prototypes '
                    f'of the finest level, the first tree used '
                    f'{first.tree_use:.0%}'
                )
        return found

    def line(self, first: 'FeatureHealth') -> str:
        """Return a line for the log, with the first value of every figure.

        Args:
            first: As in :meth:`faults`.

        Example:
            >>> FeatureHealth(9.8, 0.7, 81.0).line(FeatureHealth(9, 0.2, 90))
            'effective rank 9.8 (9.0), spread 0.7 (0.2), kNN % 81.0 (90.0)'
        """
        figures = (
            ('effective rank', '.1f', self.rank, first.rank),
            ('spread', '.2g', self.spread, first.spread),
            ('kNN %', '.1f', self.knn, first.knn),
            ('prototypes used', '.0%', self.tree_use, first.tree_use),
        )
        return ', '.join(
            f'{name} {now:{form}} ({start:{form}})'
            for name, form, now, start in figures
            if None not in (now, start)
        )


def tree_use(size_entropy: float, num_prototypes: int) -> float:
    """Return the effective share of the prototypes that a level uses.

    Args:
        size_entropy: Entropy of the shares of the images, in nats.
        num_prototypes: Number of prototypes of the level.

    Returns:
        1 if all prototypes have the same number of images, and the inverse
        of their number if one has all images.
    """
    return math.exp(size_entropy) / num_prototypes


def knn_margin(accuracy: float, num_queries: int) -> float:
    """Return how far an accuracy may fall by chance, in percentage points.

    It is two standard errors of the share of ``num_queries`` images that are
    classified correctly. One image of each outcome is added, so that the
    margin of 0 and 100 % is not 0.

    Args:
        accuracy: Accuracy in percent.
        num_queries: Number of images Q.
    """
    share = (accuracy / 100 * num_queries + 1) / (num_queries + 2)
    return 200 * math.sqrt(share * (1 - share) / (num_queries + 2))
