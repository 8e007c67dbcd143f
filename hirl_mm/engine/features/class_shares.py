"""Which classes are frequent among some images."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from hirl_mm.datasets.distinct_images import DistinctImages
from hirl_mm.datasets.image_label import plain


class ClassShare(NamedTuple):
    """How frequent a class is among some images.

    Args:
        name: Name of the class, or its number.
        num: Number of these images that show it.
        share_of_all: Share of all images that show it.
    """

    name: str
    num: int
    share_of_all: float


class ClassShares:
    """Counts the classes of images with one label or with several.

    Args:
        images: All images. If one of them has no label, or they have
            different classes, there are no classes.
    """

    def __init__(self, images: DistinctImages) -> None:
        self.images = images
        self.of_all: Counter[int] | None = Counter()
        for info in images.infos():
            classes = _classes(info)
            if classes is None:
                self.of_all = None
                break
            self.of_all.update(classes)
        if self.of_all is not None and not images.has_same_classes:
            self.of_all = None

    def among(self, sample_idx: Sequence[int]) -> list[ClassShare]:
        """Return the classes of some images, the most frequent first.

        Of equally frequent classes, the one that fewer of all images show
        comes first.

        Args:
            sample_idx: Indices of the images; an index counts as often as it
                occurs.
        """
        of_all = self.of_all
        if of_all is None:
            return []
        counts: Counter[int] = Counter()
        for idx in sample_idx:
            counts.update(_classes(self.images.get_data_info(idx)))
        order = sorted(
            counts, key=lambda one: (-counts[one], of_all[one], one)
        )
        names = self.images.CLASSES
        return [
            ClassShare(
                str(one) if names is None else names[one],
                counts[one],
                of_all[one] / len(self.images),
            )
            for one in order
        ]


def _classes(info: dict) -> set[int] | None:
    """Return the classes that an image shows, None if that is unknown."""
    label = plain(info.get('gt_label'))
    if isinstance(label, int):
        return {label}
    return set(label) if isinstance(label, list | tuple) else None
