"""Names of branches, and pseudo-labels, from a few labelled images."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hirl_mm.structures import PrototypeTree


class BranchVotes(NamedTuple):
    """Votes of labelled images for the classes of the branches they are in.

    Args:
        level: (v,) long, level of a branch.
        node: (v,) long, number of the branch in its level.
        label: (v,) long, a class that has votes there.
        count: (v,) long, how many.
    """

    level: Tensor
    node: Tensor
    label: Tensor
    # Hides the method of tuples, which votes do not need.
    count: Tensor  # type: ignore[assignment]


class PseudoLabels(NamedTuple):
    """Labels that the votes suggest for images.

    Args:
        label: (N,) long, class of every image; -1 if no branch of its path
            has votes.
        confidence: (N,) float64, smoothed share of the votes, from 0 to 1.
        level: (N,) long, the finest level whose branch has votes; -1 without.
    """

    label: Tensor
    confidence: Tensor
    level: Tensor


def count_votes(path: Tensor, label: Tensor) -> BranchVotes:
    """Count the votes of labelled images in the branches of their paths.

    Args:
        path: (n, L) long, path of every labelled image, -1 without one.
        label: (n,) long, its class.

    Returns:
        Ordered by level, branch, descending count and class: the first class
        of a branch is its name.

    Example:
        >>> votes = count_votes(torch.tensor([[0, 0], [1, 0], [1, 0]]),
        ...                     torch.tensor([5, 3, 3]))
        >>> torch.stack(votes, 1).tolist()
        [[0, 0, 5, 1], [0, 1, 3, 2], [1, 0, 3, 2], [1, 0, 5, 1]]
    """
    num, num_levels = path.shape
    level = torch.arange(num_levels).expand(num, -1)
    entries = torch.stack([level, path, label[:, None].expand_as(path)], -1)
    entries = entries[path >= 0]
    found, count = torch.unique(entries, dim=0, return_counts=True)
    # torch.unique sorts; the second sort keeps its order for equal counts.
    order = (-count).argsort(stable=True)
    for column in (1, 0):
        order = order[found[order, column].argsort(stable=True)]
    level, node, voted = found[order].T
    return BranchVotes(level, node, voted, count[order])


def pseudo_labels(
    tree: PrototypeTree,
    leaf: Tensor,
    votes: BranchVotes,
    num_classes: int,
    smoothing: float = 1.0,
) -> PseudoLabels:
    """Label images by the votes in their branches.

    The share of a class in a branch is ``(n_c + a p_c) / (n + a)``: ``n_c`` of
    ``n`` votes, and ``a`` votes in the proportions ``p_c`` of the branch above
    it. Above the top are all votes, smoothed by equal shares of the classes.
    A branch without votes has the shares of the one above. The label is the
    class of the largest share, its confidence the share.

    Args:
        tree: Tree of prototypes; its ``leaf`` is not used.
        leaf: (N,) long, the leaf of every image, negative without one.
        votes: Votes from :func:`count_votes`.
        num_classes: Number of classes C.
        smoothing: Weight ``a`` of the branch above, in votes, above 0.

    Returns:
        Of classes with the same share, the smaller number wins. Memory is
        that of the leaves' shares, (K_0, C) in float64, beside the results.

    Raises:
        ValueError: If ``smoothing`` is not above 0.
    """
    if not smoothing > 0:
        raise ValueError(f'smoothing must be above 0, got {smoothing}')
    top = tree.num_levels - 1
    count = votes.count.double()
    at_top = votes.level == top
    total = torch.zeros(num_classes, dtype=torch.float64)
    total.index_add_(0, votes.label[at_top], count[at_top])
    share = (total + smoothing / num_classes) / (total.sum() + smoothing)
    share, finest = share[None], torch.full((1,), -1)
    root = torch.zeros(tree.num_prototypes[-1], dtype=torch.long)
    for level, parent in reversed([*enumerate([*tree.parents, root])]):
        here = votes.level == level
        table = torch.zeros(len(parent), num_classes, dtype=torch.float64)
        place = votes.node[here], votes.label[here]
        table.index_put_(place, count[here], accumulate=True)
        num = table.sum(1, keepdim=True)
        share = (table + smoothing * share[parent]) / (num + smoothing)
        finest = torch.where(num[:, 0] > 0, level, finest[parent])
    confidence, label = share.max(1)
    label = label.masked_fill(finest < 0, -1)
    # A last entry for images without a leaf, which have the number -1.
    return PseudoLabels(
        _with_last(label, -1)[leaf],
        _with_last(confidence.masked_fill(finest < 0, 0), 0)[leaf],
        _with_last(finest, -1)[leaf],
    )


def _with_last(values: Tensor, last: float) -> Tensor:
    return torch.cat([values, values.new_tensor([last])])


def branch_texts(votes: BranchVotes, class_names: Sequence[str]) -> list[dict]:
    """Describe every branch that has votes.

    Args:
        votes: Votes from :func:`count_votes`.
        class_names: Names of the classes.

    Returns:
        Of every branch: ``level``, ``node``, ``name``, ``votes`` (counts by
        class, the largest first), and ``conflict``, whether there are votes
        for several classes.
    """
    found: list[dict] = []
    for level, node, label, count in torch.stack(votes, 1).tolist():
        if not found or (found[-1]['level'], found[-1]['node']) != (
            level,
            node,
        ):
            name = class_names[label]
            found.append(dict(level=level, node=node, name=name, votes={}))
        found[-1]['votes'][class_names[label]] = count
    for branch in found:
        branch['conflict'] = len(branch['votes']) > 1
    return found
