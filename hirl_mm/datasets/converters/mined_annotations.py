from collections.abc import Iterable, Sequence

from hirl_mm.datasets.list_files import Entry


def with_mined(
    labelled: Sequence[Entry], mined: Iterable[Entry]
) -> list[Entry]:
    """Return true labels, followed by pseudo-labels of other images.

    The true label of an image always wins: a pseudo-label of the same image
    is left out.

    Args:
        labelled: Path and true label of images.
        mined: Path and pseudo-label of images.

    Raises:
        ValueError: If an image has several pseudo-labels.

    Example:
        >>> with_mined([('a.png', 0)], [('b.png', 1), ('a.png', 1)])
        [('a.png', 0), ('b.png', 1)]
    """
    true = {path for path, _ in labelled}
    others: dict[str, int] = {}
    for path, label in mined:
        if path in others:
            raise ValueError(f'{path} has several pseudo-labels')
        if path not in true:
            others[path] = label
    return [*labelled, *others.items()]
