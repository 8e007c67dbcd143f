"""Reading all images of a data set once, with and without broken files."""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from mmengine.dataset import Compose
from mmengine.dist import is_main_process
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from hirl_mm.datasets.collate import default_collate
from hirl_mm.datasets.distinct_images import DistinctImages, image_name
from hirl_mm.datasets.sample_numbers import without_shift
from hirl_mm.tables import printable

_MAX_NAMED = 10


class Unreadable(NamedTuple):
    """What a pass gets in place of an image that cannot be read.

    Args:
        sample_idx: Index of the image.
    """

    sample_idx: int


class ImageReader:
    """Pipeline of a feature pass, which says what it cannot read.

    Args:
        pipeline: Pipeline that packs an image.
        kind: Name of the class of the data set, for errors.
        start: Index of the first image of the data set in the whole.

    Raises:
        OSError: If the pipeline fails; the error names the image.
    """

    def __init__(self, pipeline: Callable, kind: str, start: int) -> None:
        self.pipeline = pipeline
        self.kind = kind
        self.start = start

    def __call__(self, info: dict) -> dict | Unreadable:
        name = image_name(info, self.kind)
        info['sample_idx'] += self.start
        sample_idx = info['sample_idx']
        try:
            packed = self.pipeline(info)
        except OSError as error:
            if name in str(error):
                raise
            raise OSError(f'cannot read the image {name}: {error}') from error
        except Exception as error:
            raise OSError(
                f'the data pipeline fails on the image {name}: '
                f'{type(error).__name__}: {error}'.rstrip()
            ) from error
        return Unreadable(sample_idx) if packed is None else packed


class ReadImages(DistinctImages):
    """Images that a pipeline reads, and those that it could not read.

    An image cannot be read if the pipeline returns None for it, as
    ``LoadImage(ignore_empty=True)`` does. It is an :class:`Unreadable` here.

    Args:
        images: The images; their data sets are copied without annotations,
            not changed.
        pipeline: Config of the pipeline; None for the pipelines that the
            data sets have.

    Attributes:
        unreadable: Indices of the images that the last pass could not read.
    """

    def __init__(
        self, images: DistinctImages, pipeline: list[dict] | None
    ) -> None:
        super().__init__([copy.copy(leaf) for leaf in images.leaves])
        of_all = None if pipeline is None else Compose(pipeline)
        for leaf, start in zip(self.leaves, self.starts, strict=True):
            leaf.test_mode = True
            own = without_shift(leaf.pipeline) if of_all is None else of_all
            leaf.pipeline = ImageReader(own, type(leaf).__name__, start)
        self.unreadable: list[int] = []
        self._said: set[int] = set()

    def note_unreadable(self, sample_idx: list[int], what: str) -> None:
        """Note which images the last pass could not read; warn of new ones.

        Args:
            sample_idx: Indices of the images, the same on all ranks.
            what: Name of the pass in the warning.
        """
        self.unreadable = sample_idx
        new = [idx for idx in sample_idx if idx not in self._said]
        self._said.update(new)
        warn_of_unreadable(self, new, what)

    def readable(self) -> list[int]:
        """Return the indices of the images that the last pass could read."""
        return sorted(set(range(len(self))) - set(self.unreadable))


class ImageLoader(DataLoader):
    """A loader of the images of a feature pass.

    Attributes:
        dataset: The images.
    """

    dataset: ReadImages


def warn_of_unreadable(
    images: DistinctImages, sample_idx: Sequence[int], what: str
) -> None:
    """Warn in the first process of images that could not be read, if any.

    Args:
        images: All images.
        sample_idx: Indices of those that could not be read.
        what: Name of the pass or of the data set in the warning.
    """
    if not sample_idx or not is_main_process():
        return
    names = [printable(images.name(i)) for i in sample_idx[:_MAX_NAMED]]
    if len(sample_idx) > len(names):
        names.append(f'and {len(sample_idx) - len(names)} more')
    MMLogger.get_current_instance().warning(
        f'{what}: {len(sample_idx)} of {len(images)} images cannot be read '
        f'and are left out: {", ".join(names)}'
    )


def collate_readable(
    samples: list, collate: Callable[[list], dict] = default_collate
) -> dict:
    """Collate the images of a batch that could be read.

    Args:
        samples: Packed images, or :class:`Unreadable` ones.
        collate: Function that joins packed images.

    Returns:
        The batch. If some images could not be read, ``unreadable`` has their
        indices; if none could, ``data_samples`` is empty and there are no
        ``inputs``.
    """
    unreadable = [s.sample_idx for s in samples if isinstance(s, Unreadable)]
    if not unreadable:
        return collate(samples)
    samples = [s for s in samples if not isinstance(s, Unreadable)]
    batch = collate(samples) if samples else dict(data_samples=[])
    return dict(batch, unreadable=unreadable)


def readable_batches(batches: Iterable[dict]) -> Iterator[dict]:
    """Yield the batches with images, without what could not be read.

    Args:
        batches: Batches from :func:`collate_readable`.
    """
    for batch in batches:
        batch.pop('unreadable', None)
        if batch['data_samples']:
            yield batch
