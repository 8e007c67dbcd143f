from collections.abc import Sequence

from torch import Tensor, nn


def group_size_of(model: nn.Module) -> int:
    """Return the number of images per anchor, including the anchor.

    Args:
        model: A self-supervised model. One without a ``group_size`` has no
            positives from other images, and every image is an anchor.
    """
    return getattr(model, 'group_size', 1)


def images_of_groups(
    views: Sequence[Tensor], group_size: int
) -> list[list[Tensor]]:
    """Split the views of a batch into those of anchors and of positives.

    :class:`~hirl_mm.datasets.samplers.NeighborPairSampler` puts the positives
    of an anchor behind it.

    Args:
        views: The V views of a batch, (B * G, 3, H, W) each.
        group_size: Number of images G per anchor, including the anchor.

    Returns:
        For each of the G images of a group, the anchor first, its V views
        (B, 3, H, W).

    Raises:
        ValueError: If the batch does not consist of whole groups.
    """
    num = len(views[0])
    if num % group_size:
        raise ValueError(
            f'a batch of {num} images does not consist of anchors with '
            f'{group_size - 1} positive(s) each: use a NeighborPairSampler '
            f'with num_positives={group_size - 1}, and a batch_size that is '
            f'a multiple of {group_size}'
        )
    return [
        [view[image::group_size].contiguous() for view in views]
        for image in range(group_size)
    ]
