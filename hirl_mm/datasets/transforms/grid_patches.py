from collections.abc import Mapping, Sequence

from mmcv.transforms import BaseTransform

from hirl_mm.registry import TRANSFORMS
from hirl_mm.views import PatchScale

from .region import resized_region


@TRANSFORMS.register_module()
class GridPatches(BaseTransform):
    """Cut an image into the patches of fixed grids, without randomness.

    The counterpart of :class:`PatchPyramid` for feature passes. For every
    scale, the whole image is the region: it is resized to the square of the
    region's size, and the patch in the middle of every cell is cut out. A
    scale with one cell as large as its patch is the whole image.

    Replaces the key ``img`` by a list of images: the patches of every scale,
    row by row. :meth:`hirl_mm.views.PatchScale.central_boxes` are their places
    in the image.

    Args:
        scales: Arguments of the :class:`~hirl_mm.views.PatchScale` of every
            scale; ``crop_ratio_range`` has no effect.

    Raises:
        ValueError: If there is no scale, or a scale makes no sense.
    """

    def __init__(self, scales: Sequence[Mapping]) -> None:
        if not scales:
            raise ValueError(
                'scales must hold at least one scale, such as '
                'dict(grid=2, region_size=255, patch_size=96), got none'
            )
        self.scales = [PatchScale(**scale) for scale in scales]

    def transform(self, results: dict) -> dict:
        image = results['img']
        results['img'] = [
            patch
            for scale in self.scales
            for patch in scale.central_patches(resized_region(image, scale))
        ]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(scales={self.scales})'
