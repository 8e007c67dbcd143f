"""Sample indices that are unique over a concatenation of data sets."""

from collections.abc import Callable

from mmengine.dataset import Compose
from torch.utils.data import Dataset

from .distinct_images import distinct_images


class ShiftSampleIndex:
    """Transform that turns an index within a part into one of the whole.

    Args:
        start: Index of the first sample of the part.
    """

    def __init__(self, start: int) -> None:
        self.start = start

    def __call__(self, info: dict) -> dict:
        info['sample_idx'] += self.start
        return info

    def __repr__(self) -> str:
        return f'{type(self).__name__}(start={self.start})'


def number_samples(dataset: Dataset) -> None:
    """Let every sample of a data set carry the number of its image.

    A data set numbers its samples from 0, also inside a concatenation, where
    images of different parts would share a ``sample_idx``. After this call
    it is the index in :func:`distinct_images`. Samples that repeat an image
    share its number. Calling this again changes nothing.

    Args:
        dataset: Data set of the training. The pipelines of the parts of a
            concatenation get a first step that adds the number of the part's
            first image; a single data set is not changed.
    """
    images = distinct_images(dataset)
    for leaf, start in zip(images.leaves, images.starts, strict=True):
        if start == (_start_of(leaf.pipeline) or 0):
            continue
        own = without_shift(leaf.pipeline)
        shifted = Compose([ShiftSampleIndex(start), *_steps(own)])
        leaf.pipeline = shifted if start else own


def without_shift(pipeline: Callable) -> Callable:
    """Return a pipeline without the step of :func:`number_samples`.

    Args:
        pipeline: Pipeline of a data set; it is not changed.
    """
    if _start_of(pipeline) is None:
        return pipeline
    return Compose(_steps(pipeline)[1:])


def _start_of(pipeline: Callable) -> int | None:
    first = next(iter(_steps(pipeline)), None)
    return first.start if isinstance(first, ShiftSampleIndex) else None


def _steps(pipeline: Callable) -> list[Callable]:
    return getattr(pipeline, 'transforms', [pipeline])
