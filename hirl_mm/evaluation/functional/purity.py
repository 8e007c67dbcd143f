from dataclasses import replace

import torch
from torch import Tensor

from hirl_mm.structures import NO_LEAF, PrototypeTree


def tree_purity(tree: PrototypeTree, labels: Tensor) -> list[float]:
    """Compute the purity of every level of a tree.

    The purity is the share of samples whose class is the most frequent class
    of their prototype. It grows with the number of prototypes: compare it
    between trees with the same numbers of prototypes, not between levels.
    Samples without a leaf do not count.

    Args:
        tree: Tree over N samples.
        labels: (N,) integers from 0, the class of every sample, in the order
            of the sample indices.

    Returns:
        Purity of every level in percent, from fine to coarse.

    Raises:
        ValueError: If the labels are not N integers from 0.

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
    if not tree.is_complete:
        has_leaf = tree.leaf != NO_LEAF
        tree = replace(tree, leaf=tree.leaf[has_leaf])
        return tree_purity(tree, labels.to(tree.device)[has_leaf])
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
