from collections.abc import Mapping, Sequence

from hirl_mm.registry import type_name

_READERS = 'LoadImage', 'LoadImageFromFile'


def skipping_unreadable(pipeline: Sequence[Mapping]) -> list[dict]:
    """Return a pipeline that leaves out images that cannot be read.

    Args:
        pipeline: Data pipeline whose reader may raise an error for them.

    Example:
        >>> skipping_unreadable([dict(type='LoadImageFromFile')])
        [{'type': 'hirl_mm.LoadImage', 'ignore_empty': True}]
    """
    return [
        {**step, 'type': 'hirl_mm.LoadImage', 'ignore_empty': True}
        if type_name(step['type']) in _READERS
        else dict(step)
        for step in pipeline
    ]
