"""Checks that reject a tree of broken or collapsed features."""

from dataclasses import dataclass

from hirl_mm.engine.checks.errors import StoppedError
from hirl_mm.structures import PrototypeTree


@dataclass(frozen=True)
class TreeGuard:
    """Limits that a tree must keep to be used for training.

    Args:
        max_share: Maximum share of the images in one prototype of the finest
            level. If that level has fewer than ``2 / max_share`` prototypes
            (K_1), the limit is ``2 / K_1``. Coarse levels are not checked:
            they may be uneven for good reasons.
        min_spread: Minimum spread of the features, see
            :func:`~hirl_mm.clustering.spread.feature_spread`.
        max_rejected: Number of rejected trees in a row that stops the
            training.
        max_empty: Maximum share of the prototypes of any level without an
            image; 1 for any.

    Raises:
        ValueError: If a value is out of range.
    """

    max_share: float = 0.5
    min_spread: float = 0.01
    max_rejected: int = 3
    max_empty: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.max_share <= 1 and 0 <= self.min_spread < 1):
            raise ValueError(
                'max_share must lie in (0, 1] and min_spread in [0, 1), got '
                f'{self.max_share} and {self.min_spread}'
            )
        if not 0 <= self.max_empty <= 1:
            raise ValueError(
                f'max_empty must lie in [0, 1], got {self.max_empty}'
            )
        if self.max_rejected < 1:
            raise ValueError(
                f'max_rejected must be at least 1, got {self.max_rejected}'
            )

    def faults(self, tree: PrototypeTree, spread: float) -> list[str]:
        """Return a text per limit that a tree breaks; empty for a good tree.

        Args:
            tree: Tree to check.
            spread: Spread of the features that the tree was built from.
        """
        faults = []
        if spread < self.min_spread:
            faults.append(
                f'the features have collapsed: their spread is {spread:.2g} '
                f'(0 is a single direction), the minimum is {self.min_spread}'
            )
        levels = tree.summary()
        for number, level in enumerate(levels):
            if level['empty'] > self.max_empty * level['K']:
                share = level['empty'] / level['K']
                faults.append(
                    f'{level["empty"]} of the {level["K"]} prototypes of '
                    f'level {number} ({share:.1%}) have no image, the maximum '
                    f'is {self.max_empty:.1%}'
                )
        finest = levels[0]
        most = max(self.max_share, 2 / finest['K'])
        if finest['largest_share'] > most:
            faults.append(
                f'one of the {finest["K"]} prototypes of the finest level '
                f'holds {finest["largest_share"]:.1%} of the images, the '
                f'maximum is {most:.1%}'
            )
        return faults


class Rejections:
    """Count rejected trees in a row; too many stop the training.

    Args:
        max_rejected: Number of rejected trees in a row that raises an error.
        num: Number of trees in a row that have been rejected already.
    """

    def __init__(self, max_rejected: int, num: int = 0) -> None:
        self.max_rejected = max_rejected
        self.num = num

    def clear(self) -> None:
        """Reset the count after a good tree."""
        self.num = 0

    def add(self, epoch: int, faults: list[str], has_tree: bool) -> str:
        """Count one more rejected tree, and return the warning to log.

        Args:
            epoch: Epoch of the tree, counted from 1.
            faults: Limits that the tree breaks, see
                :meth:`TreeGuard.faults`.
            has_tree: Whether the model has an earlier tree.

        Raises:
            StoppedError: If ``max_rejected`` trees in a row are rejected.
        """
        self.num += 1
        number = f'{self.num} of {self.max_rejected} in a row'
        what = (
            f'HIRL: the tree of epoch {epoch} is rejected ({number}): '
            f'{"; ".join(faults)}'
        )
        if self.num >= self.max_rejected:
            raise StoppedError(
                f'{what}. Training stops here. Resume from an earlier '
                'checkpoint with a lower learning rate, or set other limits '
                'with guard=dict(max_share=..., min_spread=..., '
                'max_rejected=..., max_empty=...) of HierarchicalKMeansHook'
            )
        if has_tree:
            return f'{what}; the last good tree stays'
        return f'{what}; training goes on without a tree, as there is none yet'
