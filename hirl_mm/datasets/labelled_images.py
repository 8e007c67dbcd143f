from pathlib import Path

from mmpretrain.datasets import CustomDataset

from hirl_mm.datasets.converters.annotations import read_annotations
from hirl_mm.registry import DATASETS


@DATASETS.register_module()
class LabelledImages(CustomDataset):
    """Images with a class each, from an annotation file that is checked.

    ``mmpretrain.CustomDataset`` with an annotation file, whose errors name
    the file and what to do: a classifier is not trained on a list with lines
    without a label, labels beyond its classes or classes without images.

    Args:
        num_classes: Labels are 0 to ``num_classes - 1``.
        ann_file: Lines ``path label``, relative to ``data_root``.
        **kwargs: Of ``CustomDataset``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not as it should be.
    """

    def __init__(self, num_classes: int, ann_file: str, **kwargs) -> None:
        self.num_classes = num_classes
        super().__init__(ann_file=ann_file, **kwargs)

    def load_data_list(self) -> list[dict]:
        folder = self.img_prefix
        return [
            dict(img_path=str(Path(folder, image)), gt_label=label)
            for image, label in read_annotations(
                self.ann_file, self.num_classes
            )
        ]
