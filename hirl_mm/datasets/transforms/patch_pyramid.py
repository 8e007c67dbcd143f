from collections.abc import Mapping, Sequence

import numpy as np
from mmcv.transforms import BaseTransform, Compose
from mmengine.registry import DefaultScope
from mmpretrain.registry import TRANSFORMS as MMPRETRAIN_TRANSFORMS

from hirl_mm.registry import TRANSFORMS
from hirl_mm.views import PatchScale

from .region import resized_region


@TRANSFORMS.register_module()
class PatchPyramid(BaseTransform):
    """Make whole views of an image, and patches of it on several scales.

    The views of SS-PRL: those of MMPreTrain's ``MultiView``, then for every
    scale the patches of a grid over one random region of the image, in two
    groups. The region is cropped and resized once. In each group, a patch of
    random place is cut out of every cell of the grid, and changed at random.
    Patch m of both groups comes from the same cell. Random numbers come from
    NumPy's global state, as in the transforms of MMPreTrain.

    Replaces the key ``img`` by a list of images: the whole views; then, of
    every scale, all patches of the first group, row by row, and those of the
    second.

    Args:
        transforms: One list of transforms per kind of whole view.
        num_views: Number of whole views of each kind.
        scales: Arguments of the :class:`~hirl_mm.views.PatchScale` of every
            scale; an empty list for the whole views alone.
        patch_transforms: Transforms of every patch, after it is cut out.
        enlarge_small_images: Whether an image that is smaller than a patch is
            enlarged, as in the released code, or refused.

    Raises:
        ValueError: If a scale makes no sense, or, without
            ``enlarge_small_images``, an image is smaller than a patch.
    """

    def __init__(
        self,
        transforms: Sequence[Sequence[Mapping]],
        num_views: int | Sequence[int],
        scales: Sequence[Mapping],
        patch_transforms: Sequence[Mapping],
        enlarge_small_images: bool = False,
    ) -> None:
        if not isinstance(num_views, int):
            num_views = list(num_views)
        self.scales = [PatchScale(**scale) for scale in scales]
        self.enlarge_small_images = enlarge_small_images
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            self.views = MMPRETRAIN_TRANSFORMS.build(
                dict(
                    type='MultiView',
                    transforms=transforms,
                    num_views=num_views,
                )
            )
            self.patch_transforms = Compose(patch_transforms)
            self.crops = [
                MMPRETRAIN_TRANSFORMS.build(
                    dict(
                        type='RandomResizedCrop',
                        scale=scale.region_size,
                        crop_ratio_range=scale.crop_ratio_range,
                    )
                )
                for scale in self.scales
            ]

    def transform(self, results: dict) -> dict:
        image = results['img']
        if not self.enlarge_small_images:
            height, width = image.shape[:2]
            for scale in self.scales:
                name = results.get('img_path', '')
                scale.check_image(height, width, name)
        made = self.views(results)
        for scale, crop in zip(self.scales, self.crops, strict=True):
            top, left, height, width = crop.rand_crop_params(image)
            region = resized_region(
                image[top : top + height, left : left + width], scale
            )
            for _ in range(2):
                place = np.random.randint(
                    scale.free + 1, size=(scale.num_patches, 2)
                )
                made['img'] += [
                    self.patch_transforms(dict(made, img=patch))['img']
                    for patch in scale.cut(region, place)
                ]
        return made

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}({self.views}, scales={self.scales}, '
            f'patch_transforms={self.patch_transforms}, '
            f'enlarge_small_images={self.enlarge_small_images})'
        )
