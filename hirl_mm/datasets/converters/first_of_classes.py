import numpy as np


def first_of_classes(
    labels: np.ndarray, num_classes: int, num: int, split: str
) -> list[int]:
    """Return the sorted indices of the first images of every class.

    Args:
        labels: (N,) integers.
        num_classes: Number of classes; labels are 0 to ``num_classes - 1``.
        num: Number of images per class.
        split: Name of the split, for the error.

    Raises:
        ValueError: If a class has fewer images.

    Example:
        >>> first_of_classes(np.array([1, 0, 0, 1, 1]), 2, 2, 'train')
        [0, 1, 2, 3]
    """
    found = [np.flatnonzero(labels == c)[:num] for c in range(num_classes)]
    fewest = min(map(len, found))
    if fewest < num:
        raise ValueError(
            f'num_{split}_per_class must be at most {fewest}, the images of '
            f'the smallest class, got {num}'
        )
    return np.sort(np.concatenate(found)).tolist()
