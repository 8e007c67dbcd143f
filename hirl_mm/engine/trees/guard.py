"""Keeping a tree of broken features away from training."""

from dataclasses import dataclass

from hirl_mm.structures import PrototypeTree


@dataclass(frozen=True)
class TreeGuard:
    """What a tree must not be, to be trained on.

    Args:
        max_share: Largest share of the images in one prototype of the
            finest level; of fewer than ``2 / max_share`` prototypes one may
            hold ``2 / K_1``. Coarse levels may be uneven for good reasons.
        min_spread: Least
            :func:`~hirl_mm.clustering.spread.feature_spread`.
        max_rejected: So many rejected trees in a row stop the training.

    Raises:
        ValueError: If a value is out of range.
    """

    max_share: float = 0.5
    min_spread: float = 0.01
    max_rejected: int = 3

    def __post_init__(self) -> None:
        if not (0 < self.max_share <= 1 and 0 <= self.min_spread < 1):
            raise ValueError(
                'max_share must lie in (0, 1] and min_spread in [0, 1), got '
                f'{self.max_share} and {self.min_spread}'
            )
        if self.max_rejected < 1:
            raise ValueError(
                f'max_rejected must be at least 1, got {self.max_rejected}'
            )

    def faults(self, tree: PrototypeTree, spread: float) -> list[str]:
        """What is wrong with a tree, a line each; nothing, if none."""
        faults = []
        if spread < self.min_spread:
            faults.append(
                f'the features have collapsed: their spread is {spread:.2g} '
                f'(0 is a single direction), the least is {self.min_spread}'
            )
        finest = tree.summary()[0]
        most = max(self.max_share, 2 / finest['K'])
        if finest['largest_share'] > most:
            faults.append(
                f'one of the {finest["K"]} prototypes of the finest level '
                f'holds {finest["largest_share"]:.1%} of the images, the most '
                f'is {most:.1%}'
            )
        return faults
