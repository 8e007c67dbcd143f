"""Entries of nodes that stand one node after the other."""

import numpy as np


def first_entries(
    first: np.ndarray,
    values: np.ndarray,
    counts: np.ndarray,
    place: int,
    most: int,
) -> tuple[list[list[int]], int]:
    """Return the first entries of a node.

    Args:
        first: (K + 1,), where the entries of every node begin.
        values: (P,), what is counted, such as classes.
        counts: (P,), numbers of images.
        place: Place of the node.
        most: Largest number of entries.

    Returns:
        Value and number of images of every entry, and the number of all
        entries of the node.

    Example:
        >>> first_entries(np.array([0, 1, 3]), np.array([7, 4, 2]),
        ...               np.array([5, 9, 3]), place=1, most=6)
        ([[4, 9], [2, 3]], 2)
    """
    start, end = first[place : place + 2].tolist()
    part = slice(start, min(end, start + most))
    pairs = np.stack([values[part], counts[part]], axis=1)
    return pairs.tolist(), end - start
