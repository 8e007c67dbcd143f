from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from hirl_mm.registry import TRANSFORMS

from .blocks import blockwise_mask


@TRANSFORMS.register_module()
class BlockMask(BaseTransform):
    """Draw block-wise masks of patches for the global views of an image.

    This is the masking of `iBOT <https://arxiv.org/abs/2111.07832>`_. With
    the given probability, a mask covers a share of the patches with blocks of
    random size, aspect ratio and position; otherwise it is empty. The share
    is drawn uniformly from ``ratio_range``. Random numbers come from NumPy's
    global state, as in the transforms of MMPreTrain.

    Adds the key ``masked_patches``, (num_masks, H, W) bool, which has to be
    listed in the ``meta_keys`` of PackInputs.

    Args:
        grid_size: Number of patches (H, W) of a global view; an int for a
            square.
        num_masks: Number of masks, one per global view of an image.
        ratio_range: Smallest and largest share of masked patches.
        probability: Probability that a mask is not empty.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(
        self,
        grid_size: int | Sequence[int],
        num_masks: int = 2,
        ratio_range: Sequence[float] = (0.1, 0.5),
        probability: float = 0.5,
    ) -> None:
        if isinstance(grid_size, int):
            grid_size = (grid_size, grid_size)
        low, high = ratio_range
        if not 0 <= low <= high < 1:
            raise ValueError(
                'ratio_range must be two shares in [0, 1), the smaller one '
                f'first, got {tuple(ratio_range)}'
            )
        if not 0 <= probability <= 1:
            raise ValueError(
                f'probability must lie in [0, 1], got {probability}'
            )
        if min(grid_size) < 1 or num_masks < 1:
            raise ValueError(
                'grid_size and num_masks must be at least 1, got '
                f'{tuple(grid_size)} and {num_masks}'
            )
        height, width = grid_size
        self.grid_size = height, width
        self.num_masks = num_masks
        self.ratio_range = (low, high)
        self.probability = probability

    def transform(self, results: dict) -> dict:
        results['masked_patches'] = np.stack(
            [self._mask() for _ in range(self.num_masks)]
        )
        return results

    def _mask(self) -> np.ndarray:
        if np.random.rand() >= self.probability:
            return np.zeros(self.grid_size, dtype=bool)
        height, width = self.grid_size
        # Not rounded: areas of blocks are drawn up to this number.
        wanted = np.random.uniform(*self.ratio_range) * height * width
        smallest = (min(height, width) // 3) ** 2
        return blockwise_mask(self.grid_size, wanted, smallest)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(grid_size={self.grid_size}, '
            f'num_masks={self.num_masks}, ratio_range={self.ratio_range}, '
            f'probability={self.probability})'
        )
