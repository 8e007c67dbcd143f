"""Checks of the arguments of SS-PRL's head."""

from collections.abc import Sequence

from hirl_mm.losses.cross_scale import CROSS_PAIRS, G_INPUTS
from hirl_mm.losses.reductions import check_reduction

from .crop_arguments import check_num_crops, check_positive


def check_scales(
    num_prototypes: Sequence[int],
    num_patches: Sequence[int],
    num_crops: Sequence[int],
    weights: Sequence[float],
    queue_lengths: Sequence[int],
    shared_prototypes: bool,
) -> None:
    """Check the arguments that have an entry per scale.

    Args:
        num_prototypes: See :class:`~hirl_mm.models.heads.PyramidHead`.
        num_patches: See there.
        num_crops: See there.
        weights: See there.
        queue_lengths: See there; 0 for a scale without a queue.
        shared_prototypes: See there.

    Raises:
        ValueError: If their lengths differ, or a number is out of range.
    """
    num_scales = len(num_prototypes)
    for name, values, num in (
        ('num_patches', num_patches, num_scales - 1),
        ('weights', weights, num_scales),
        ('queue_lengths', queue_lengths, num_scales),
    ):
        if len(values) != num:
            raise ValueError(
                f'{name}={tuple(values)} needs {num} entries, since '
                f'num_prototypes has {num_scales}, one for each scale'
                f'{", and scale 0 has no patches" * (num < num_scales)}'
            )
    if min(num_prototypes, default=0) < 2:
        raise ValueError(
            'every scale needs at least 2 prototypes, got num_prototypes='
            f'{tuple(num_prototypes)}: leave a scale out of num_prototypes, '
            'num_patches and weights to train without it'
        )
    check_num_crops(num_crops)
    if min(num_patches, default=1) < 1:
        raise ValueError(
            f'num_patches must be at least 1, got {tuple(num_patches)}'
        )
    if min(weights) < 0 or min(queue_lengths) < 0:
        raise ValueError(
            'weights and queue_lengths must be at least 0, got '
            f'{tuple(weights)} and {tuple(queue_lengths)}'
        )
    if shared_prototypes and len(set(num_prototypes)) > 1:
        raise ValueError(
            'shared_prototypes needs the same number of prototypes for '
            f'every scale, got num_prototypes={tuple(num_prototypes)}'
        )


def check_options(
    reduction: str, g_input: str, cross_pairs: str, **positive: float
) -> None:
    """Check the other arguments.

    Args:
        reduction: See :class:`~hirl_mm.models.heads.PyramidHead`.
        g_input: See there.
        cross_pairs: See there.
        **positive: Numbers that must be positive.

    Raises:
        ValueError: If a value is unknown or a number is not positive.
    """
    check_positive(**positive)
    check_reduction(reduction)
    for name, value, choices in (
        ('g_input', g_input, G_INPUTS),
        ('cross_pairs', cross_pairs, CROSS_PAIRS),
    ):
        if value not in choices:
            raise ValueError(f'{name} must be one of {choices}, got {value!r}')
