import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image

from hirl_mm.registry import TRANSFORMS
from hirl_mm.views import PatchScale


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

    def __init__(self, **scale) -> None:
        self.scale = PatchScale(**scale)

    def transform(self, results: dict) -> dict:
        scale = self.scale
        size = (scale.region_size, scale.region_size)
        how = Image.Resampling[scale.interpolation.upper()]
        region = np.asarray(Image.fromarray(results['img']).resize(size, how))
        cell = results['sample_idx'] % scale.num_patches
        top, left = scale.origins()[cell] + scale.free // 2
        bottom, right = top + scale.patch_size, left + scale.patch_size
        return results | dict(
            img=region[top:bottom, left:right].copy(),
            img_shape=(scale.patch_size, scale.patch_size),
        )

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.scale})'
