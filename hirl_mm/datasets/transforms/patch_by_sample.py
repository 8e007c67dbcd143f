from itertools import islice
from typing import Any

from mmcv.transforms import BaseTransform

from hirl_mm.registry import TRANSFORMS
from hirl_mm.views import PatchScale

from .region import resized_region


@TRANSFORMS.register_module()
class PatchBySample(BaseTransform):
    """Replace an image by one of the patches of a scale.

    The image is resized to the region of the scale, and the patch in the
    middle of a cell is cut out. The cell is that of the sample's index modulo
    the number of cells, so that a pass over the data set sees patches of all
    cells, one per image, and the same ones every time. For the feature pass
    of a tree over patches, see
    :class:`~hirl_mm.models.selfsup.HIRLSSPRL`.

    Replaces the key ``img`` and reads ``sample_idx``.

    Args:
        **scale: Arguments of the :class:`~hirl_mm.views.PatchScale`, as in
            the :class:`PatchPyramid` of the training.

    Raises:
        ValueError: If the scale makes no sense.
    """

    def __init__(self, **scale: Any) -> None:
        self.scale = PatchScale(**scale)

    def transform(self, results: dict) -> dict:
        scale = self.scale
        region = resized_region(results['img'], scale)
        cell = results['sample_idx'] % scale.num_patches
        patch = next(islice(scale.central_patches(region), cell, None))
        return results | dict(img=patch, img_shape=patch.shape[:2])

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.scale})'
