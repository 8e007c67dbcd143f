import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from numpy.typing import ArrayLike

from hirl_mm.evaluation.functional import tree_purity
from hirl_mm.files import replacing
from hirl_mm.structures import PrototypeTree

from .class_palette import ClassPalette
from .picture_format import check_picture_format
from .semantic_tree_layout import TreeNode, select_nodes
from .semantic_tree_limits import fitting_limits
from .semantic_tree_painter import SemanticTreePainter
from .thumbnails import Images

MAX_MEMBERS = 20


def draw_semantic_tree(
    tree: PrototypeTree,
    images: Images,
    out: str | os.PathLike,
    *,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    max_roots: int | None = None,
    max_children: int | None = None,
    members_per_leaf: int = 10,
    seed: int = 0,
    title: str = 'Semantic tree',
) -> None:
    """Draw a prototype tree with images of its members.

    The coarsest prototypes are on the left, their children to the right of
    them, and every leaf ends in a row of its members. Only the largest
    branches are shown, and the picture says how many others there are. The
    shown members are drawn at random and not selected for being typical, so
    that the tree does not look better than it is. With labels, frames and
    edges have the color of the class, and every node shows its majority
    class and its purity.

    Args:
        tree: Prototype tree over N samples.
        images: N paths by sample index, or a function that returns the image
            of a sample index.
        out: Path of the file to write; its suffix selects the format (.png,
            .pdf, ...).
        labels: (N,) integers, the class of every sample by its sample index.
        class_names: Names of the classes; need ``labels``.
        max_roots: Number of prototypes of the top level to show; None for as
            many as fit.
        max_children: Number of children to show of every node; None for as
            many as fit.
        members_per_leaf: Number of images per leaf.
        seed: Seed of the choice of members.
        title: First line of the picture.

    Raises:
        ValueError: If the arguments do not fit together, an image cannot be
            read or the picture would be too large to be read.

    Example:
        >>> from PIL import Image
        >>> tree = PrototypeTree(
        ...     centroids=[torch.eye(3), torch.eye(3)[:2]],
        ...     parents=[torch.tensor([0, 0, 1])],
        ...     leaf=torch.tensor([0, 1, 1, 2]),
        ... )
        >>> colors = ['red', 'green', 'lime', 'blue']
        >>> def image(sample_idx):
        ...     return Image.new('RGB', (64, 64), colors[sample_idx])
        >>> draw_semantic_tree(tree, image, 'tree.png')
    """
    out = Path(out)
    _check(tree, images, out, members_per_leaf)
    _check_limit('max_roots', max_roots)
    _check_limit('max_children', max_children)
    roots = select_nodes(tree, *fitting_limits(tree, max_roots, max_children))
    palette, purity = None, []
    if labels is not None:
        labels = torch.as_tensor(labels).cpu()
        purity = tree_purity(tree.to('cpu'), labels)
        palette = ClassPalette(labels.numpy(), class_names)
    elif class_names is not None:
        raise ValueError('class_names need labels, got labels=None')
    painter = SemanticTreePainter(
        roots, images, palette, members_per_leaf, seed
    )
    heads = _column_heads(tree, roots, purity)
    figure = painter.paint(title, _subtitle(tree, seed), heads)
    with replacing(out) as temporary:
        figure.savefig(temporary)


def _subtitle(tree: PrototypeTree, seed: int) -> list[str]:
    def by_level(values: Iterable[float]) -> str:
        return ' / '.join(f'{value:,}' for value in values)

    levels = tree.summary()
    empty = by_level([level['empty'] for level in levels])
    if not any(level['empty'] for level in levels):
        empty = 'none'
    order = ' from fine to coarse' if tree.num_levels > 1 else ''
    return [
        f'N = {len(tree.leaf):,} images,  '
        f'K = {by_level([level["K"] for level in levels])} prototypes'
        f'{order},  {empty} of them empty',
        'The largest branches; their images are members drawn at random '
        f'(seed {seed})',
    ]


def _column_heads(
    tree: PrototypeTree, roots: list[TreeNode], purity: list[float]
) -> list[list[str]]:
    """Return the lines above each level's column, from fine to coarse."""
    nodes = [node for root in roots for node in root.walk()]
    heads = []
    for level, num in enumerate(tree.num_prototypes):
        shown = sum(node.level == level for node in nodes)
        heads.append([f'Level {level}', f'{shown:,} of {num:,} shown'])
        if purity:
            heads[-1].append(f'purity {purity[level]:.1f} % (whole level)')
    heads[-1][0] += ', the coarsest' if tree.num_levels > 1 else ''
    heads[0][0] += ', the finest' if tree.num_levels > 1 else ''
    return heads


def _check(
    tree: PrototypeTree, images: Images, out: Path, members_per_leaf: int
) -> None:
    num_samples = len(tree.leaf)
    if not num_samples:
        raise ValueError('the tree holds no samples, nothing to draw')
    if not callable(images) and len(images) != num_samples:
        raise ValueError(
            f'images must be one per sample of the tree, got {len(images)} '
            f'images for {num_samples} samples'
        )
    check_picture_format(out)
    if not 1 <= members_per_leaf <= MAX_MEMBERS:
        raise ValueError(
            f'members_per_leaf must lie in [1, {MAX_MEMBERS}], got '
            f'{members_per_leaf}'
        )


def _check_limit(name: str, value: int | None) -> None:
    if value is not None and value < 1:
        raise ValueError(f'{name} must be at least 1, got {value}')
