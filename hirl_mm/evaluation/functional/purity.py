import torch
from torch import Tensor

from hirl_mm.structures import PrototypeTree


def tree_purity(tree: PrototypeTree, labels: Tensor) -> list[float]:
    """Compute how far prototypes of every level hold samples of one class.

    Purity grows with the number of prototypes: compare it between trees of
    the same sizes, not between levels.

    Args:
        tree: A tree over N samples.
        labels: (N,) integers, the class of every sample by its sample index.

    Returns:
        Per level, from fine to coarse, the share in percent of the samples
        that carry the majority class of their prototype.

    Raises:
        ValueError: If there is not one class >= 0 per sample of the tree.

    Example:
        >>> tree = PrototypeTree(
        ...     centroids=[torch.eye(2), torch.eye(2)[:1]],
        ...     parents=[torch.tensor([0, 0])],
        ...     leaf=torch.tensor([0, 0, 0, 1]))
        >>> tree_purity(tree, torch.tensor([7, 7, 7, 3]))
        [100.0, 75.0]
    """
    num_samples = len(tree.leaf)
    if labels.shape != (num_samples,) or not num_samples:
        raise ValueError(
            'labels must be one per sample of the tree, got shape '
            f'{tuple(labels.shape)} for a tree over {num_samples} samples'
        )
    if labels.is_floating_point() or labels.min() < 0:
        raise ValueError(
            f'labels must be integers >= 0, got {labels.dtype} with minimum '
            f'{labels.min().item()}'
        )
    classes, labels = labels.to(tree.device).unique(return_inverse=True)
    num_classes = len(classes)
    purity = []
    paths = tree.paths(tree.leaf)
    for prototypes, num in zip(paths.T, tree.num_prototypes, strict=True):
        counts = torch.bincount(
            prototypes * num_classes + labels, minlength=num * num_classes
        )
        majority = counts.view(num, num_classes).amax(dim=1).sum().item()
        purity.append(100 * majority / num_samples)
    return purity
