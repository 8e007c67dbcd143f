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
    found = _num_views(views)
    if found != sum(num_crops):
        raise ValueError(
            f'num_crops={tuple(num_crops)} of the model stands for '
            f'{sum(num_crops)} views of an image, but the data pipeline '
            f'makes {found}: use MultiView with '
            f'num_views={list(num_crops)}, or change num_crops'
        )


def check_least_views(views: Tensor | Sequence[Tensor], least: int) -> None:
    """See that the data pipeline makes enough views.

    Raises:
        ValueError: If there are fewer than ``least``.
    """
    found = _num_views(views)
    if found < least:
        raise ValueError(
            f'the method needs {least} views of an image, but the data '
            f'pipeline makes {found}: use MultiView with num_views={least}'
        )


def _num_views(views: Tensor | Sequence[Tensor]) -> int:
    return 1 if isinstance(views, Tensor) else len(views)
