"""An index of faiss for millions of images, with the leaves as its cells."""

import os
from types import ModuleType
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.files import replacing
from hirl_mm.stack import require_faiss
from hirl_mm.structures import EmbeddedImages

from .retrieval import Retrieved

_CHUNK = 65536
# Candidates of the index per image that is asked for.
_CANDIDATES = 4


class LeafIndex:
    """Search the images of the nearest leaves alone.

    The cells of an inverted file are the prototypes of level 0, so nothing
    is trained. Rows are stored in float16, 2 D bytes per image. The best
    candidates are compared again with the rows themselves: similarities are
    as exact as those of
    :func:`~hirl_mm.hierarchy.retrieval.nearest_images`, but images in leaves
    that are not searched are missed.

    Args:
        images: Images in their tree.
        path: File of the index. It is read if it fits the images, else
            written.

    Raises:
        StackError: If faiss is not installed.
    """

    def __init__(
        self, images: EmbeddedImages, path: str | os.PathLike
    ) -> None:
        self.images = images
        faiss = require_faiss()
        self.index = _read(faiss, images, path)
        if self.index is None:
            self.index = _build(faiss, images)
            with replacing(path) as temporary:
                faiss.write_index(self.index, os.fspath(temporary))

    def search(
        self, queries: Tensor, k: int, num_leaves: int = 32
    ) -> Retrieved:
        """Find images that are similar to every query.

        Args:
            queries: (Q, D) floating point.
            k: Number of images to find, at least 1.
            num_leaves: Number of leaves to search, those with the nearest
                prototypes.

        Returns:
            The k images of every query, the most similar first, or fewer if
            the searched leaves of a query have fewer.

        Raises:
            ValueError: If ``k`` or ``num_leaves`` is less than 1.
        """
        if k < 1 or num_leaves < 1:
            raise ValueError(
                'k and num_leaves must be at least 1, got '
                f'{k} and {num_leaves}'
            )
        unit = F.normalize(queries.float(), dim=1)
        self.index.nprobe = num_leaves
        _, found = self.index.search(unit.numpy(), _CANDIDATES * k)
        found = torch.from_numpy(found)
        found = found[:, (found >= 0).any(0)].sort(1).values
        rows = self.images.rows[found.clamp(min=0)].float()
        cosine = (F.normalize(rows, dim=2) * unit[:, None]).sum(2)
        cosine = cosine.masked_fill(found < 0, -torch.inf)
        # Stable: of equal images the one with the smaller number is first.
        order = cosine.argsort(dim=1, descending=True, stable=True)[:, :k]
        return Retrieved(cosine.gather(1, order), found.gather(1, order))


def _build(faiss: ModuleType, images: EmbeddedImages) -> Any:
    cells = F.normalize(images.tree.centroids[0].float(), dim=1).numpy()
    num, dim = cells.shape
    quantizer = faiss.IndexFlatIP(dim)
    quantizer.add(cells)
    index = faiss.IndexIVFScalarQuantizer(
        quantizer,
        dim,
        num,
        faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
        False,
    )
    index.train(cells)
    for start in range(0, len(images), _CHUNK):
        part = slice(start, start + _CHUNK)
        here = (images.leaf[part] >= 0).nonzero().flatten()
        rows = F.normalize(images.rows[part][here].float(), dim=1)
        index.add_with_ids(rows.numpy(), (here + start).numpy())
    # Else the file would hold a quantizer that nobody owns.
    quantizer.this.disown()
    index.own_fields = True
    return index


def _read(
    faiss: ModuleType, images: EmbeddedImages, path: str | os.PathLike
) -> Any:
    """Return the index in a file, None if it is missing or of other images.

    The prototypes are means of the rows: with the same prototypes and number
    of images, these are the same images.
    """
    if not os.path.isfile(path):
        return None
    try:
        index = faiss.read_index(os.fspath(path))
        cells = index.quantizer.reconstruct_n(0, index.quantizer.ntotal)
    except (RuntimeError, AttributeError):
        return None
    own = F.normalize(images.tree.centroids[0].float(), dim=1).numpy()
    num = int((images.leaf >= 0).sum())
    fits = index.ntotal == num and np.array_equal(cells, own)
    return index if fits else None
