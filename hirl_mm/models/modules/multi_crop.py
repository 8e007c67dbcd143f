from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor


def batch_per_resolution(views: Sequence[Tensor]) -> list[Tensor]:
    """Concatenate neighbouring views of the same size.

    Args:
        views: Tensors (B, 3, H, W), sorted so that views of the same size are
            neighbours.

    Returns:
        One tensor (V * B, 3, H, W) per size. The rows are in the order of
        ``views``.
    """
    by_size = groupby(views, key=lambda view: view.shape[-2:])
    return [torch.cat(list(group)) for _, group in by_size]


def check_num_views(views: Sequence[Tensor], num_crops: Sequence[int]) -> None:
    """Check that the data pipeline makes the views that a model expects.

    Args:
        views: The views of a batch, a tensor (B, 3, H, W) each.
        num_crops: Numbers of views that the model expects, per resolution.

    Raises:
        ValueError: If the number of views is not the sum of ``num_crops``.
    """
    found = _num_views(views)
    if found != sum(num_crops):
        raise ValueError(
            f'the model expects num_crops={tuple(num_crops)}, '
            f'{sum(num_crops)} views of an image, but the data pipeline '
            f'makes {found}: use MultiView with '
            f'num_views={list(num_crops)}, or change num_crops'
        )


def check_least_views(views: Tensor | Sequence[Tensor], least: int) -> None:
    """Check that the data pipeline makes enough views.

    Args:
        views: The views of a batch; a single tensor counts as one view.
        least: Least number of views that the method needs.

    Raises:
        ValueError: If there are fewer than ``least`` views.
    """
    found = _num_views(views)
    if found < least:
        raise ValueError(
            f'the method needs {least} views of an image, but the data '
            f'pipeline makes {found}: use MultiView with num_views={least}'
        )


def _num_views(views: Tensor | Sequence[Tensor]) -> int:
    return 1 if isinstance(views, Tensor) else len(views)
