import math
from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from hirl_mm.registry import TRANSFORMS

# Number of attempts to find a block that masks new patches.
_NUM_TRIES = 10
# The aspect ratio of a block lies between 0.3 and 1 / 0.3, as in BEiT.
_MAX_LOG_ASPECT = -math.log(0.3)


@TRANSFORMS.register_module()
class BlockMask(BaseTransform):
    """Draw block-wise masks of patches for the global views of an image.

    This is the masking of `iBOT <https://arxiv.org/abs/2111.07832>`_. With
    the given probability, a mask covers a share of the patches with blocks of
    random size, aspect ratio and position; otherwise it is empty. The share
    is drawn uniformly from ``ratio_range``, and the number of patches rounded
    down. Random numbers come from NumPy's global state, as in the transforms
    of MMPreTrain.

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
        self.grid_size = tuple(grid_size)
        self.num_masks = num_masks
        self.ratio_range = (low, high)
        self.probability = probability

    def transform(self, results: dict) -> dict:
        results['masked_patches'] = np.stack(
            [self._mask() for _ in range(self.num_masks)]
        )
        return results

    def _mask(self) -> np.ndarray:
        mask = np.zeros(self.grid_size, dtype=bool)
        if np.random.rand() >= self.probability:
            return mask
        wanted = int(np.random.uniform(*self.ratio_range) * mask.size)
        while (missing := wanted - int(mask.sum())) > 0:
            if not self._add_block(mask, missing):
                break
        return mask

    def _add_block(self, mask: np.ndarray, most: int) -> bool:
        """Mask a block with 1 to ``most`` new patches.

        Returns:
            False if no such block was found.
        """
        height, width = self.grid_size
        usual = (min(self.grid_size) // 3) ** 2
        for _ in range(_NUM_TRIES):
            area = usual + (most - usual) * np.random.rand()
            aspect = math.exp(
                np.random.uniform(-_MAX_LOG_ASPECT, _MAX_LOG_ASPECT)
            )
            rows = round(math.sqrt(area * aspect))
            columns = round(math.sqrt(area / aspect))
            if not (0 < rows < height and 0 < columns < width):
                continue
            top = np.random.randint(height - rows + 1)
            left = np.random.randint(width - columns + 1)
            block = mask[top : top + rows, left : left + columns]
            if 0 < block.size - block.sum() <= most:
                block[:] = True
                return True
        return False

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(grid_size={self.grid_size}, '
            f'num_masks={self.num_masks}, ratio_range={self.ratio_range}, '
            f'probability={self.probability})'
        )
