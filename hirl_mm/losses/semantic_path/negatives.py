import torch
from torch import Tensor


def sample_negative_leaves(
    leaf: Tensor,
    num_leaves: int,
    num_negatives: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw the leaves of negative paths.

    Uniform, with replacement, over the leaves other than the positive one:
    a draw from the ``num_leaves - 1`` others, shifted past the positive. The
    released code draws from all leaves and masks the positive, which is the
    same distribution with a few draws wasted.

    Args:
        leaf: (B,) long, the positive leaf of every sample.
        num_leaves: Number of prototypes of level 0.
        num_negatives: Number of negative paths M per sample.
        generator: Random number generator on the device of ``leaf``.

    Returns:
        (B, M) long.

    Raises:
        ValueError: If there is no other leaf to draw.
    """
    if num_leaves < 2:
        raise ValueError(
            'a negative path needs a second leaf, but level 0 of the tree '
            f'has {num_leaves} prototype: use at least 2'
        )
    drawn = torch.randint(
        num_leaves - 1,
        (len(leaf), num_negatives),
        device=leaf.device,
        generator=generator,
    )
    return drawn + (drawn >= leaf[:, None])
