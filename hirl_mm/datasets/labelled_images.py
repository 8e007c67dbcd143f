from typing import Any

from hirl_mm.datasets.compact_images import CompactImages
from hirl_mm.datasets.converters.annotations import read_annotations
from hirl_mm.datasets.image_table import ImageTable
from hirl_mm.datasets.shards.backend import image_root
from hirl_mm.registry import DATASETS


@DATASETS.register_module()
class LabelledImages(CompactImages):
    """Data set of images with one class each, from a checked annotation file.

    Like ``mmpretrain.CustomDataset`` with an annotation file, but it rejects
    lines without a label, labels out of range and classes without images.
    Its errors name the file and say how to fix it.

    Args:
        num_classes: Number of classes; labels are 0 to ``num_classes - 1``.
        ann_file: Path of the annotation file, relative to ``data_root``, with
            a line ``path label`` per image.
        **kwargs: Further arguments of ``CustomDataset``.

    Raises:
        FileNotFoundError: If the annotation file does not exist.
        ValueError: If the file has a line without a label or with a path
            that leads out of the folder of the images, a label out of range,
            or no image of a class.
    """

    def __init__(self, num_classes: int, ann_file: str, **kwargs: Any) -> None:
        self.num_classes = num_classes
        super().__init__(ann_file=ann_file, **kwargs)

    def load_table(self) -> ImageTable:
        entries = read_annotations(
            self.ann_file, self.num_classes, self.img_prefix
        )
        return ImageTable(
            [image for image, _ in entries],
            [label for _, label in entries],
            image_root(self.img_prefix),
        )
