"""How similar every image is to the other images of its branch."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.structures import PrototypeTree

from .balance import branch_sizes

_CHUNK = 16384


class OtherImages(NamedTuple):
    """Similarity of every image to others.

    Args:
        similarity: (N,) float32, cosine of the image and the mean of the
            other images of its branch; NaN without an embedding, or if there
            is no other image.
        level: (N,) long, level of that branch; the number of levels if it is
            the whole tree, -1 without an embedding.
    """

    similarity: Tensor
    level: Tensor


@torch.no_grad()
def similarity_to_others(
    rows: Tensor, leaf: Tensor, tree: PrototypeTree
) -> OtherImages:
    """Compare every image with the mean of the other images of its branch.

    The branch is the finest one of the image's path that has other images.
    The image itself does not count: k-means gives an outlier a leaf of its
    own, and its prototype is then the outlier. The images with the smallest
    similarity are the outliers.

    Rows are read twice, in chunks. Memory is that of the prototypes in
    float64, and 12 bytes per image.

    Args:
        rows: (N, D) floating point, embeddings.
        leaf: (N,) long, the leaf of every image, negative without one.
        tree: Tree of the leaves; its ``leaf`` is not used.

    Example:
        >>> tree = PrototypeTree([torch.eye(2)], [], torch.tensor([0]))
        >>> rows = torch.tensor([[1., 0.], [3., 4.], [0., 1.]])
        >>> similarity_to_others(rows, torch.tensor([0, 0, 1]), tree).level
        tensor([0, 0, 1])
    """
    nums = tree.num_prototypes
    leaf_sizes = leaf[leaf >= 0].bincount(minlength=nums[0])
    sizes = branch_sizes(leaf_sizes, tree.parents, nums[-1])
    sums = [torch.zeros(nums[0], rows.size(1), dtype=torch.float64)]
    for part in _parts(len(rows)):
        here, unit = _present(rows[part], leaf[part])
        sums[0].index_add_(0, leaf[part][here], unit)
    for parent, num in zip(
        [*tree.parents, torch.zeros(nums[-1], dtype=torch.long)],
        [*nums[1:], 1],
        strict=True,
    ):
        above = sums[0].new_zeros(num, rows.size(1))
        sums.append(above.index_add_(0, parent, sums[-1]))
    sizes.append(leaf_sizes.sum()[None])
    similarity = torch.full((len(rows),), torch.nan)
    level = torch.full((len(rows),), -1)
    for part in _parts(len(rows)):
        here, unit = _present(rows[part], leaf[part])
        path = F.pad(tree.paths(leaf[part][here]), (0, 1))
        of_level = [
            size[nodes] for size, nodes in zip(sizes, path.T, strict=True)
        ]
        others = torch.stack(of_level, 1) > 1
        finest = others.long().argmax(1)
        mean = torch.empty_like(unit)
        for at, (total, nodes) in enumerate(zip(sums, path.T, strict=True)):
            chosen = finest == at
            mean[chosen] = total[nodes[chosen]] - unit[chosen]
        cosine = F.cosine_similarity(mean, unit).float()
        alone = ~others.any(1)
        similarity[part][here] = cosine.masked_fill(alone, torch.nan)
        level[part][here] = finest.masked_fill(alone, tree.num_levels)
    return OtherImages(similarity, level)


def least_similar(similarity: Tensor, num: int) -> Tensor:
    """Return the images with the smallest similarity, the smallest first.

    Args:
        similarity: (N,) floating point; NaN for images that do not count.
        num: Number of images.

    Returns:
        (num',) long, num' = num or the number of images that count.
    """
    order = similarity.argsort(stable=True)
    return order[: min(num, int((~similarity.isnan()).sum()))]


def _parts(num: int) -> list[slice]:
    return [slice(start, start + _CHUNK) for start in range(0, num, _CHUNK)]


def _present(rows: Tensor, leaf: Tensor) -> tuple[Tensor, Tensor]:
    """Return which images have a leaf, and their unit rows in float64."""
    here = leaf >= 0
    return here, F.normalize(rows[here].double(), dim=1)
