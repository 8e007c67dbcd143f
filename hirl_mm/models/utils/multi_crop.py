from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor


def batch_per_resolution(views: Sequence[Tensor]) -> list[Tensor]:
    """Neighbouring views of one size as one batch.

    Args:
        views: Tensors (B, 3, H, W), those of one size side by side.

    Returns:
        Per size a tensor (V * B, 3, H, W), view after view; together the
        rows are in the order of ``views``.
    """
    by_size = groupby(views, key=lambda view: view.shape[-2:])
    return [torch.cat(list(same)) for _, same in by_size]


def check_num_views(views: Sequence[Tensor], num_crops: Sequence[int]) -> None:
    """See that the data pipeline makes the views that a model was told of.

    Raises:
        ValueError: If there are more or fewer.
    """
    if not isinstance(views, (list, tuple)) or len(views) != sum(num_crops):
        found = len(views) if isinstance(views, (list, tuple)) else 1
        raise ValueError(
            f'num_crops={tuple(num_crops)} of the model stands for '
            f'{sum(num_crops)} views of an image, but the data pipeline '
            f'makes {found}: use MultiView with '
            f'num_views={list(num_crops)}, or change num_crops'
        )
