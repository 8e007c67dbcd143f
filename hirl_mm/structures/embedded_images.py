from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from .name_column import NameColumn
from .prototype_tree import PrototypeTree


@dataclass(frozen=True, eq=False)
class EmbeddedImages:
    """Images with their embeddings and their places in a tree of prototypes.

    Args:
        tree: Tree of prototypes.
        paths: N file names, kept as a :class:`~.name_column.NameColumn`.
        rows: (N, D) float16 or float32, embeddings of unit length, compared
            with the prototypes by the cosine. They may be mapped from disk,
            so they are read in chunks. Rows of images that could not be read
            are NaN.
        leaf: (N,) long, the prototype of level 0 of every image; ``NO_LEAF``
            (-1) if it could not be read.
        labels: (N,) long, the class of every image, -1 if unknown; None
            without labels.
        class_names: Names of the classes; empty without labels.

    Raises:
        ValueError: If the parts do not fit together.
    """

    tree: PrototypeTree
    paths: Sequence[str]
    rows: Tensor
    leaf: Tensor
    labels: Tensor | None = None
    class_names: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.paths, NameColumn):
            object.__setattr__(self, 'paths', NameColumn(self.paths))
        num, dim = len(self.paths), self.tree.centroids[0].size(1)
        if self.rows.shape != (num, dim):
            raise ValueError(
                f'{num} images and prototypes of {dim} dimensions need '
                f'embeddings of the shape ({num}, {dim}), got '
                f'{tuple(self.rows.shape)}'
            )
        for name in ('leaf', 'labels'):
            value = getattr(self, name)
            if value is not None and value.shape != (num,):
                raise ValueError(
                    f'{num} images need {name} of the shape ({num},), got '
                    f'{tuple(value.shape)}'
                )
        num_leaves = self.tree.num_prototypes[0]
        if num and int(self.leaf.max()) >= num_leaves:
            raise ValueError(
                f'leaf {int(self.leaf.max())} is not among the {num_leaves} '
                'leaves of the tree'
            )

    def __len__(self) -> int:
        return len(self.paths)
