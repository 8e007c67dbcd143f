"""Pictures of subtrees, as Figures 3 and 4 of the HIRL paper."""

import os
from collections.abc import Callable, Sequence

import numpy as np
import torch
from matplotlib import rc_context
from numpy.typing import ArrayLike
from PIL import Image
from torch import Tensor

from hirl_mm.files import replacing
from hirl_mm.structures import PrototypeTree

from .class_palette import ClassPalette
from .picture_format import check_picture_format
from .semantic_tree_layout import TreeNode, select_subtree
from .subtree_painter import SubtreePainter
from .typical_images import nearest_members, random_members

Images = Callable[[int], Image.Image] | Sequence[str | os.PathLike]
MOST_CHILDREN = 4
_BACKGROUND = '#fbfaf7'


def draw_subtree(
    tree: PrototypeTree,
    images: Images,
    out: str | os.PathLike,
    *,
    level: int,
    node: int,
    rows: Tensor | None = None,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    max_children: int = 2,
    seed: int = 0,
    title: str | None = None,
) -> None:
    """Draw a prototype above its largest children, and these above theirs.

    Every prototype is shown by some of its images, as in Figures 3 and 4 of
    `HIRL <https://arxiv.org/abs/2205.13159>`_. With embeddings these are the
    ones nearest to it, else members drawn at random; the picture says which.

    Args:
        tree: Prototype tree of N images.
        images: N paths, or a function that returns the image of an index.
        out: Picture to write; its suffix chooses the format, such as ``.png``
            or ``.svg``.
        level: Level of the prototype at the top; 0 is the finest.
        node: Its index within the level.
        rows: (N, D) embeddings of the images, of unit length; None for
            random images.
        labels: (N,) class of every image, -1 for an unknown one; None without
            labels. Then every prototype shows its majority class, and its
            frames the classes of the images.
        class_names: Names of the classes; None for their numbers.
        max_children: Number of children to show of every prototype, 1 to 4;
            the paper shows 2.
        seed: Seed of the draw of images.
        title: First line of the picture; None to name the prototype.

    Raises:
        ValueError: If there is no such prototype, it has no images, a number
            is out of range, the format is unknown, or an image cannot be
            read.
    """
    check_picture_format(out)
    if not 1 <= max_children <= MOST_CHILDREN:
        raise ValueError(
            f'max_children must lie in [1, {MOST_CHILDREN}], got '
            f'{max_children}'
        )
    root = select_subtree(tree, level, node, max_children)

    def pick(of: TreeNode, num: int) -> np.ndarray:
        if rows is None:
            return random_members(tree, of.level, of.idx, num, seed)
        return nearest_members(tree, rows, of.level, of.idx, num)

    palette = None
    if labels is not None:
        palette = ClassPalette(torch.as_tensor(labels).numpy(), class_names)
    title = title or f'Prototype {node} of level {level} and its branches'
    chosen = 'nearest to the prototype'
    if rows is None:
        chosen = f'drawn at random (seed {seed})'
    note = f'{len(root.members):,} images; shown are those {chosen}, and the '
    note += 'largest branches'
    figure = SubtreePainter(root, images, pick, palette).paint(title, note)
    # Texts of an SVG stay texts, to be searched and edited.
    with replacing(out) as temporary, rc_context({'svg.fonttype': 'none'}):
        figure.savefig(temporary, facecolor=_BACKGROUND)
