import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from hirl_mm.files import replacing

# Where checkpoints keep the state of a tree.
TREE_KEY = 'prototype_tree'


@dataclass(frozen=True, eq=False)
class PrototypeTree:
    """Hierarchical prototypes of a data set and the edges between them.

    The result of Algorithm 1 of `HIRL <https://arxiv.org/abs/2205.13159>`_:
    ``L`` levels of prototypes, level 0 the finest, each prototype but those
    of the top level linked to one parent. A leaf is a prototype of level 0;
    its path is the leaf and its ancestors. The released code keeps the labels
    of every level beside each other (``im2cluster``); here the upper ones
    follow from ``leaf`` and ``parents`` and cannot disagree with them.

    Args:
        centroids: ``L`` tensors (K_l, D) of unit rows.
        parents: ``L - 1`` long tensors (K_l,) of indices into level l + 1.
        leaf: (N,) long, the leaf of every sample by its sample index.
        objective: Sum of squared distances of the clustering of each level;
            ``nan`` where it is not known.

    Raises:
        ValueError: If the parts do not make a tree.

    Example:
        >>> tree = PrototypeTree(
        ...     centroids=[torch.eye(3), torch.eye(3)[:2]],
        ...     parents=[torch.tensor([0, 0, 1])],
        ...     leaf=torch.tensor([2, 0, 1, 1]))
        >>> tree.sample_paths(torch.tensor([0, 3]))
        tensor([[2, 1],
                [1, 0]])
    """

    centroids: Sequence[Tensor]
    parents: Sequence[Tensor]
    leaf: Tensor
    objective: Sequence[float] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, 'centroids', tuple(self.centroids))
        object.__setattr__(self, 'parents', tuple(self.parents))
        objective = tuple(self.objective) or (float('nan'),) * self.num_levels
        object.__setattr__(self, 'objective', objective)
        self._check()

    @property
    def num_levels(self) -> int:
        return len(self.centroids)

    @property
    def num_prototypes(self) -> tuple[int, ...]:
        """Number of prototypes per level, from fine to coarse."""
        return tuple(c.size(0) for c in self.centroids)

    @cached_property
    def leaf_paths(self) -> Tensor:
        """(K_0, L) long, the path of every leaf."""
        levels = [torch.arange(self.num_prototypes[0], device=self.device)]
        for parent in self.parents:
            levels.append(parent[levels[-1]])
        return torch.stack(levels, dim=1)

    @property
    def device(self) -> torch.device:
        return self.leaf.device

    def paths(self, leaf: Tensor) -> Tensor:
        """Paths of leaves.

        Args:
            leaf: (...) long.

        Returns:
            (..., L) long, the prototype on every level.
        """
        return self.leaf_paths[leaf]

    def sample_paths(self, sample_idx: Tensor) -> Tensor:
        """Paths of samples: (B,) sample indices to (B, L) prototypes."""
        return self.paths(self.leaf[sample_idx])

    def members(self, level: int) -> Tensor:
        """(K_l,) long, the number of samples of every prototype."""
        leaves = self.leaf_paths[self.leaf, level]
        return torch.bincount(leaves, minlength=self.num_prototypes[level])

    def to(self, device: torch.device | str) -> 'PrototypeTree':
        """The same tree on ``device``."""
        return PrototypeTree(
            centroids=[c.to(device) for c in self.centroids],
            parents=[p.to(device) for p in self.parents],
            leaf=self.leaf.to(device),
            objective=self.objective,
        )

    def summary(self) -> list[dict[str, float]]:
        """Figures of every level, from fine to coarse.

        Returns:
            Per level ``K``, ``used`` and ``empty`` (prototypes with and
            without a sample),
            ``largest_share`` (share of the samples in the largest cluster),
            ``size_entropy`` (of the shares, in nats; log K when all clusters
            are of equal size) and ``objective``.
        """
        levels = []
        for level, num in enumerate(self.num_prototypes):
            sizes = self.members(level).double()
            share = sizes / sizes.sum()
            levels.append(
                dict(
                    K=num,
                    used=int((sizes > 0).sum()),
                    empty=int((sizes == 0).sum()),
                    largest_share=share.max().item(),
                    size_entropy=torch.special.entr(share).sum().item(),
                    objective=self.objective[level],
                )
            )
        return levels

    def state_dict(self) -> dict:
        """The tree as tensors and plain types, on the CPU."""
        tree = self.to('cpu')
        return dict(
            centroids=list(tree.centroids),
            parents=list(tree.parents),
            leaf=tree.leaf,
            objective=list(tree.objective),
        )

    @classmethod
    def from_state_dict(cls, state: dict) -> 'PrototypeTree':
        """The inverse of :meth:`state_dict`."""
        return cls(**state)

    def save(self, path: str | os.PathLike) -> None:
        """Write the tree to ``path``, whole or not at all."""
        with replacing(path) as temporary:
            torch.save(self.state_dict(), temporary)

    @classmethod
    def load(cls, path: str | os.PathLike) -> 'PrototypeTree':
        """Read a tree that :meth:`save` wrote.

        Raises:
            ValueError: If the file holds something else.
        """
        state = torch.load(path, map_location='cpu', weights_only=True)
        expected = {'centroids', 'parents', 'leaf', 'objective'}
        if not isinstance(state, dict) or set(state) != expected:
            found = sorted(state) if isinstance(state, dict) else type(state)
            raise ValueError(
                f'{path} is no prototype tree: expected the keys '
                f'{sorted(expected)}, got {found}'
            )
        return cls.from_state_dict(state)

    def _check(self) -> None:
        nums = self.num_prototypes
        if not nums:
            raise ValueError('a prototype tree needs at least one level')
        if len(self.parents) != len(nums) - 1:
            raise ValueError(
                f'{len(nums)} levels need {len(nums) - 1} parent tensors, '
                f'got {len(self.parents)}'
            )
        if len(self.objective) != len(nums):
            raise ValueError(
                f'{len(nums)} levels need {len(nums)} objectives, '
                f'got {len(self.objective)}'
            )
        for level, parent in enumerate(self.parents):
            if parent.shape != (nums[level],):
                raise ValueError(
                    f'parents[{level}] must have shape ({nums[level]},), one '
                    f'per prototype of level {level}, got '
                    f'{tuple(parent.shape)}'
                )
            _check_index(f'parents[{level}]', parent, nums[level + 1])
        _check_index('leaf', self.leaf, nums[0])


def _check_index(name: str, index: Tensor, num: int) -> None:
    if index.dtype != torch.long:
        raise ValueError(f'{name} must be torch.long, got {index.dtype}')
    if index.numel() and (index.min() < 0 or index.max() >= num):
        raise ValueError(
            f'{name} must lie in [0, {num}), got values from '
            f'{index.min().item()} to {index.max().item()}'
        )
