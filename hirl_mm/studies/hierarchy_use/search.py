import os
from collections.abc import Sequence

import torch

from hirl_mm.hierarchy import nearest_images
from hirl_mm.hierarchy.leaf_index import LeafIndex
from hirl_mm.structures import EmbeddedImages

from .retrieved import Query, without_itself


def search(
    images: EmbeddedImages,
    queries: Sequence[Query],
    k: int,
    index: str | os.PathLike | None = None,
    num_leaves: int = 32,
) -> list[list[tuple[int, float]]]:
    """Find the images nearest to queries.

    Args:
        images: Images in their tree.
        queries: What is searched for. An image is not found for itself.
        k: Number of images to find per query.
        index: File of a :class:`~hirl_mm.hierarchy.leaf_index.LeafIndex`,
            which is written if it is missing; None to compare with all.
        num_leaves: Number of leaves that the index searches.

    Returns:
        Per query, number and similarity of the images, the nearest first.

    Raises:
        ValueError: If no image could be read.
        StackError: If an index is asked for and faiss is missing.
    """
    rows = torch.stack([query.row.float() for query in queries])
    # One more, which may be the query itself.
    if index is None:
        found = nearest_images(rows, images.rows, k + 1, images.leaf >= 0)
    else:
        found = LeafIndex(images, index).search(rows, k + 1, num_leaves)
    return without_itself(found, queries, images.paths, k)
