import math
from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image

from hirl_mm.registry import TRANSFORMS

# Number of attempts to find a crop that lies within the image.
_NUM_TRIES = 10
_FILTERS = {
    'bilinear': Image.Resampling.BILINEAR,
    'bicubic': Image.Resampling.BICUBIC,
    'lanczos': Image.Resampling.LANCZOS,
}


@TRANSFORMS.register_module()
class TwoSizeCrop(BaseTransform):
    """Crop an image at random and resize the crop to two sizes.

    BEiT sees the first image, its tokenizer the second. The crop is that of
    `BEiT <https://arxiv.org/abs/2106.08254>`_ in the released code of HIRL,
    and Pillow resizes it, so that the images are smoothed when they shrink.
    MMPreTrain's ``RandomResizedCropAndInterpolationWithTwoPic`` does not
    smooth, and never takes the last row and column, nor a crop as wide or as
    high as the image. Random numbers come from NumPy's global state, as in
    the transforms of MMPreTrain.

    Replaces the key ``img`` by a list of two images, (size, size, 3) and
    (second_size, second_size, 3) uint8.

    Args:
        size: Side of the first image in pixels.
        second_size: Side of the second image in pixels.
        crop_ratio_range: Smallest and largest share of the image that a crop
            covers.
        aspect_ratio_range: Smallest and largest width of a crop in units of
            its height.
        interpolation: Filter of the first image, ``'bilinear'``,
            ``'bicubic'`` or ``'lanczos'``.
        second_interpolation: Filter of the second image.

    Raises:
        ValueError: If an argument is out of range, or a filter is unknown.
    """

    def __init__(
        self,
        size: int,
        second_size: int,
        crop_ratio_range: Sequence[float] = (0.08, 1.0),
        aspect_ratio_range: Sequence[float] = (3 / 4, 4 / 3),
        interpolation: str = 'bicubic',
        second_interpolation: str = 'lanczos',
    ) -> None:
        if min(size, second_size) < 1:
            raise ValueError(
                'size and second_size must be at least 1, got '
                f'{size} and {second_size}'
            )
        for name, (low, high), most in (
            ('crop_ratio_range', crop_ratio_range, 1),
            ('aspect_ratio_range', aspect_ratio_range, math.inf),
        ):
            if not 0 < low <= high <= most:
                raise ValueError(
                    f'{name} must be two numbers above 0 and at most {most}, '
                    f'the smaller one first, got {(low, high)}'
                )
        unknown = {interpolation, second_interpolation} - set(_FILTERS)
        if unknown:
            raise ValueError(
                f'interpolations must be of {", ".join(_FILTERS)}, got '
                f'{", ".join(sorted(map(str, unknown)))}'
            )
        self.sizes = size, second_size
        self.crop_ratio_range = _pair(crop_ratio_range)
        self.aspect_ratio_range = _pair(aspect_ratio_range)
        self.interpolations = interpolation, second_interpolation

    def transform(self, results: dict) -> dict:
        image = results['img']
        top, left, height, width = self._box(*image.shape[:2])
        crop = Image.fromarray(image[top : top + height, left : left + width])
        results['img'] = [
            np.array(crop.resize((size, size), _FILTERS[name]))
            for size, name in zip(self.sizes, self.interpolations, strict=True)
        ]
        return results

    def _box(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Draw the top, left, height and width of a crop."""
        low, high = self.aspect_ratio_range
        for _ in range(_NUM_TRIES):
            area = height * width * np.random.uniform(*self.crop_ratio_range)
            aspect = math.exp(np.random.uniform(math.log(low), math.log(high)))
            columns = round(math.sqrt(area * aspect))
            rows = round(math.sqrt(area / aspect))
            if 0 < columns <= width and 0 < rows <= height:
                top = np.random.randint(height - rows + 1)
                left = np.random.randint(width - columns + 1)
                return top, left, rows, columns
        # The largest crop in the middle with an allowed aspect ratio.
        columns = min(width, round(height * high))
        rows = min(height, round(width / low))
        return (height - rows) // 2, (width - columns) // 2, rows, columns

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(sizes={self.sizes}, '
            f'crop_ratio_range={self.crop_ratio_range}, '
            f'aspect_ratio_range={self.aspect_ratio_range}, '
            f'interpolations={self.interpolations})'
        )


def _pair(limits: Sequence[float]) -> tuple[float, float]:
    low, high = limits
    return low, high
