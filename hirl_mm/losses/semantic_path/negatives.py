import torch
from torch import Tensor


def sample_negative_leaves(
    leaf: Tensor,
    num_leaves: int,
    num_negatives: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw the leaves of negative paths.

    Leaves are drawn uniformly and with replacement from all leaves but the
    positive one. The released code draws from all leaves and masks those
    equal to the positive one, which is the same distribution with slightly
    fewer negatives.

    Args:
        leaf: (B,) long, the positive leaf of every sample.
        num_leaves: Number of prototypes of level 0.
        num_negatives: Number of negative paths M per sample.
        generator: Random number generator on the device of ``leaf``.

    Returns:
        (B, M) long, the drawn leaves.

    Raises:
        ValueError: If there are fewer than 2 leaves.
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
    return drawn.add_(drawn >= leaf[:, None])
