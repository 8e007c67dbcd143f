import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from .tree_checks import NO_LEAF, check_finite, check_node, check_parts
from .tree_file import read_state, write_state
from .tree_summary import level_summary


@dataclass(frozen=True, eq=False)
class PrototypeTree:
    """Hierarchical prototypes of a data set and the edges between them.

    This is the result of Algorithm 1 of `HIRL
    <https://arxiv.org/abs/2205.13159>`_. The tree has ``L`` levels of
    prototypes, from level 0, the finest, to level ``L - 1``. Every prototype
    below the top level has one parent on the level above. A leaf is a
    prototype of level 0; its path is the leaf and its ancestors.

    The released code stores the label of every sample on every level
    (``im2cluster``). Here only the labels of level 0 are stored, in ``leaf``;
    those of the other levels follow from ``parents``.

    Args:
        centroids: Prototypes of every level: ``L`` tensors (K_l, D) with
            L2-normalised rows.
        parents: Parents of the prototypes of every level below the top:
            ``L - 1`` long tensors (K_l,) of indices into level l + 1.
        leaf: (N,) long, the leaf of every sample, in the order of the sample
            indices; ``NO_LEAF`` (-1) for a sample that was not clustered,
            such as an image that could not be read.
        objective: Objective of k-means on every level, the sum of squared
            distances to the centroids; ``nan`` if unknown.
        data: Identity of the N images in their order, see
            :func:`~hirl_mm.engine.features.fingerprint.data_identity`; empty
            if unknown.
        run: Name of the training that built the tree, the
            ``experiment_name`` of its first start; empty if unknown.

    Raises:
        ValueError: If shapes, types or indices do not describe a tree.

    Example:
        >>> tree = PrototypeTree(
        ...     centroids=[torch.eye(3), torch.eye(3)[:2]],
        ...     parents=[torch.tensor([0, 0, 1])],
        ...     leaf=torch.tensor([2, 0, 1, 1]))
        >>> tree.sample_paths(torch.tensor([0, 3]))
        tensor([[2, 1],
                [1, 0]])
        >>> tree.children(level=1, node=0)
        tensor([0, 1])
        >>> tree.sizes(level=1)
        tensor([3, 1])
        >>> tree.members(level=1, node=0)
        tensor([1, 2, 3])
    """

    centroids: Sequence[Tensor]
    parents: Sequence[Tensor]
    leaf: Tensor
    objective: Sequence[float] = field(default=())
    data: str = ''
    run: str = ''

    def __post_init__(self) -> None:
        object.__setattr__(self, 'centroids', tuple(self.centroids))
        object.__setattr__(self, 'parents', tuple(self.parents))
        objective = tuple(self.objective) or (float('nan'),) * self.num_levels
        object.__setattr__(self, 'objective', objective)
        check_parts(self)

    @cached_property
    def is_complete(self) -> bool:
        """Whether every sample has a leaf."""
        return bool((self.leaf != NO_LEAF).all())

    @property
    def num_levels(self) -> int:
        """Number of levels L."""
        return len(self.centroids)

    @property
    def num_prototypes(self) -> tuple[int, ...]:
        """Number of prototypes per level, from fine to coarse."""
        return tuple(c.size(0) for c in self.centroids)

    @property
    def leaf_paths(self) -> Tensor:
        """Paths of all leaves, (K_0, L) long."""
        return self._paths[:-1]

    @cached_property
    def _paths(self) -> Tensor:
        """Paths of all leaves and, in the last row, of ``NO_LEAF``."""
        levels = [torch.arange(self.num_prototypes[0], device=self.device)]
        for parent in self.parents:
            levels.append(parent[levels[-1]])
        paths = torch.stack(levels, dim=1)
        return torch.cat([paths, paths.new_full((1, self.num_levels), -1)])

    @property
    def device(self) -> torch.device:
        """Device of the tensors of the tree."""
        return self.leaf.device

    def paths(self, leaf: Tensor) -> Tensor:
        """Return the paths of leaves.

        Args:
            leaf: Indices of leaves, a long tensor of any shape (...).

        Returns:
            (..., L) long, index of the prototype on every level, -1 for
            ``NO_LEAF``.
        """
        return self._paths[leaf]

    def sample_paths(self, sample_idx: Tensor) -> Tensor:
        """Return the paths of samples.

        Args:
            sample_idx: (B,) long, sample indices.

        Returns:
            (B, L) long, index of the prototype on every level, -1 if the
            sample has no leaf.
        """
        return self.paths(self.leaf[sample_idx])

    def children(self, level: int, node: int) -> Tensor:
        """Return the children of a prototype.

        Args:
            level: Level of the prototype, from 1 to L - 1.
            node: Index of the prototype within its level.

        Returns:
            (c,) long, ascending indices into level ``level - 1``; empty if
            the prototype has no children.

        Raises:
            ValueError: If there is no such prototype, or it is a leaf.
        """
        check_node(self.num_prototypes, level, node, lowest=1)
        return (self.parents[level - 1] == node).nonzero().squeeze(1)

    def sizes(self, level: int) -> Tensor:
        """Return the number of samples of every prototype of a level.

        Args:
            level: Level of the prototypes.

        Returns:
            (K_l,) long.

        Raises:
            ValueError: If there is no such level.
        """
        check_node(self.num_prototypes, level)
        labels = self.labels(level)
        return torch.bincount(
            labels[labels >= 0], minlength=self.num_prototypes[level]
        )

    def members(self, level: int, node: int) -> Tensor:
        """Return the samples of a prototype.

        Args:
            level: Level of the prototype.
            node: Index of the prototype within its level.

        Returns:
            (m,) long, ascending sample indices; empty if the prototype has
            no samples.

        Raises:
            ValueError: If there is no such prototype.
        """
        check_node(self.num_prototypes, level, node)
        return (self.labels(level) == node).nonzero().squeeze(1)

    def labels(self, level: int) -> Tensor:
        """Return the prototype of every sample on a level.

        Args:
            level: Level of the prototypes.

        Returns:
            (N,) long, -1 for samples without a leaf.
        """
        return self._paths[self.leaf, level]

    def to(self, device: torch.device | str) -> 'PrototypeTree':
        """Return a copy of the tree on ``device``."""
        return PrototypeTree(
            centroids=[c.to(device) for c in self.centroids],
            parents=[p.to(device) for p in self.parents],
            leaf=self.leaf.to(device),
            objective=self.objective,
            data=self.data,
            run=self.run,
        )

    def summary(self) -> list[dict[str, float]]:
        """Return statistics of every level, from fine to coarse.

        See :func:`~hirl_mm.structures.tree_summary.level_summary`.
        """
        return [
            level_summary(self.sizes(level), objective)
            for level, objective in enumerate(self.objective)
        ]

    def state_dict(self) -> dict:
        """Return the tree as tensors on the CPU and plain types."""
        tree = self.to('cpu')
        return dict(
            centroids=list(tree.centroids),
            parents=list(tree.parents),
            leaf=tree.leaf,
            objective=list(tree.objective),
            data=tree.data,
            run=tree.run,
        )

    @classmethod
    def from_state_dict(cls, state: dict) -> 'PrototypeTree':
        """Build a tree from a :meth:`state_dict`.

        Args:
            state: State of the tree. Earlier versions saved it without
                ``data`` or ``run``.

        Raises:
            ValueError: If the state is no tree, or holds NaN or infinite
                prototypes.
        """
        unknown = state.keys() - cls.__dataclass_fields__
        if unknown:
            raise ValueError(
                f'a tree has no entries {", ".join(sorted(unknown))}'
            )
        tree = cls(**state)
        check_finite(tree.centroids)
        return tree

    def save(self, path: str | os.PathLike) -> None:
        """Write the tree to the file ``path``, replacing it atomically."""
        write_state(self.state_dict(), path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> 'PrototypeTree':
        """Read a tree from a file that :meth:`save` wrote.

        Args:
            path: Path of the file.

        Raises:
            BrokenFileError: If the file is incomplete or damaged.
            ValueError: If the file does not hold a tree.
        """
        return cls.from_state_dict(read_state(path))
