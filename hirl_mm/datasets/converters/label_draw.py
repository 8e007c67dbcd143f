from collections.abc import Collection, Hashable, Sequence

import numpy as np


def draw_labelled(
    labels: Sequence[Collection[Hashable]], share: float, seed: int = 0
) -> list[int]:
    """Draw a share of images that have several labels each.

    Of one seed, the images of a smaller share are among those of a larger
    one. Images are drawn at random; the first image of the draw that shows a
    class comes before those that show no new class, so that even a small
    share has an image of every class if it has room for them. Of a share
    that has an image of every class anyway, this changes nothing.

    Args:
        labels: Classes of every image, numbers or names; none for an image
            without a class.
        share: Share of the images to draw, above 0 and at most 1. A fraction
            of an image is left out: never more than the share are drawn.
        seed: Seed of the draw. The draw depends on nothing but the seed, the
            order of the images and their classes.

    Returns:
        Indices of the drawn images, ascending.

    Raises:
        ValueError: If the share is out of range, or less than one image.

    Example:
        >>> draw_labelled([{'a'}, {'a', 'b'}, set(), {'c'}], 1)
        [0, 1, 2, 3]
    """
    # 0.29 * 100 is 28.999999999999996.
    num = int(share * len(labels) + 1e-6)
    if not 0 < share <= 1 or num < 1:
        raise ValueError(
            f'a share of {share:g} is {num} of {len(labels)} images: it must '
            'be at least one image and at most all of them'
        )
    drawn = np.random.default_rng(seed).permutation(len(labels)).tolist()
    found: set[Hashable] = set()
    first: list[int] = []
    others: list[int] = []
    for index in drawn:
        shows_new = not found.issuperset(labels[index])
        (first if shows_new else others).append(index)
        found.update(labels[index])
    return sorted([*first, *others][:num])
