from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image
from torch import Tensor

from hirl_mm.datasets.read_image import read_image
from hirl_mm.hierarchy import path_similarities
from hirl_mm.structures import PrototypeTree

from .tree_order import TreeOrder, tree_order


@dataclass(frozen=True, eq=False)
class ShownTree:
    """A tree and its N images, as a page shows them.

    Args:
        tree: The tree.
        paths: Files of the images, or names if ``picture`` is given.
        leaf: (N,) long, prototype of level 0 of every image, -1 for none;
            the leaves of the tree if None.
        rows: (N, D) floating point, the embeddings of the images, from which
            the similarities follow, of any length; they may be mapped from
            disk. None if they are unknown.
        labels: (N,) long, classes of the images, -1 if unknown; None without
            classes.
        class_names: Names of the classes.
        picture: Function that returns an image by its number, if the images
            are not files.
        name: Name of the tree where two are compared.

    Raises:
        ValueError: If the parts are not of the same images.

    Example:
        >>> import torch
        >>> tree = PrototypeTree([torch.eye(2)], [], torch.tensor([0, 1, 1]))
        >>> shown = ShownTree(tree, ['a.png', 'b.png', 'c.png'])
        >>> shown.order.images
        array([1, 2, 0])
    """

    tree: PrototypeTree
    paths: Sequence[str]
    leaf: Tensor | None = None
    rows: Tensor | None = None
    labels: Tensor | None = None
    class_names: Sequence[str] = ()
    picture: Callable[[int], Image.Image] | None = None
    name: str = 'tree'

    def __post_init__(self) -> None:
        if self.leaf is None:
            object.__setattr__(self, 'leaf', self.tree.leaf)
        for name in 'leaf', 'rows', 'labels':
            part = getattr(self, name)
            if part is not None and len(part) != len(self.paths):
                raise ValueError(
                    f'{name} must have a row for each of the '
                    f'{len(self.paths)} images, got {len(part)}'
                )
        if not len(self.paths):
            raise ValueError('a page needs at least one image, got none')
        if self.labels is not None and len(self.labels):
            most = int(self.labels.max())
            if most >= len(self.class_names):
                raise ValueError(
                    f'class_names must name class {most}, the largest of '
                    f'labels, got {len(self.class_names)} names'
                )

    @property
    def leaves(self) -> Tensor:
        """(N,) long, prototype of level 0 of every image, -1 for none."""
        assert self.leaf is not None  # Since __post_init__.
        return self.leaf

    @cached_property
    def similarity(self) -> np.ndarray | None:
        """(N, L) float32, cosine of every image to the nodes of its path.

        It is NaN without a leaf, and None if the embeddings are unknown.
        """
        if self.rows is None:
            return None
        paths = self.tree.paths(self.leaves)
        return path_similarities(self.tree, self.rows, paths).numpy()

    @cached_property
    def order(self) -> TreeOrder:
        """The order of nodes and images on the page."""
        nearness = self.similarity
        if nearness is not None:
            nearness = nearness[:, 0]
        return tree_order(self.tree, self.leaves, nearness)

    def image(self, sample: int, least_side: int) -> Image.Image:
        """Return an image, perhaps smaller than it is.

        Args:
            sample: Number of the image.
            least_side: Pixels that both sides keep if they have them.

        Raises:
            ValueError: If the image cannot be read.
        """
        if self.picture is not None:
            return self.picture(sample)
        return read_image(self.paths[sample], least_side)
