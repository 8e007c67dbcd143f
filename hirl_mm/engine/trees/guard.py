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


class Rejections:
    """Rejected trees in a row; too many stop the training.

    Args:
        max_rejected: So many in a row raise an error.
    """

    def __init__(self, max_rejected: int) -> None:
        self.max_rejected = max_rejected
        self.num = 0

    def clear(self) -> None:
        """Start the count again, after a good tree."""
        self.num = 0

    def add(self, epoch: int, faults: list[str], has_tree: bool) -> str:
        """Count one more rejected tree, and return what to say of it.

        Args:
            epoch: Of the tree, counted from 1.
            faults: What is wrong with the tree, see
                :meth:`TreeGuard.faults`.
            has_tree: Whether the model has an earlier tree.

        Raises:
            RuntimeError: If it is one too many.
        """
        self.num += 1
        number = f'{self.num} of {self.max_rejected} in a row'
        what = (
            f'HIRL: the tree of epoch {epoch} is rejected ({number}): '
            f'{"; ".join(faults)}'
        )
        if self.num >= self.max_rejected:
            raise RuntimeError(
                f'{what}. Training stops here. Resume from a checkpoint of '
                'before, with a lower learning rate, or set other limits by '
                'guard=dict(max_share=..., min_spread=..., max_rejected=...) '
                'of HierarchicalKMeansHook'
            )
        if has_tree:
            return f'{what}; the last good tree stays'
        return (
            f'{what}; there is none before it, so training goes on without one'
        )
