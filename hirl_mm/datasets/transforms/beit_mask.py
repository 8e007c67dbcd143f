from collections.abc import Sequence

from mmcv.transforms import BaseTransform

from hirl_mm.registry import TRANSFORMS

from .blocks import blockwise_mask


@TRANSFORMS.register_module()
class BEiTBlockMask(BaseTransform):
    """Draw a block-wise mask of patches of an image, as in BEiT.

    This is the masking of `BEiT <https://arxiv.org/abs/2106.08254>`_ in the
    released code of HIRL. MMPreTrain's ``BEiTMaskGenerator`` differs: it never
    masks the last row and column, and it goes on until exactly
    ``num_patches`` are masked. Random numbers come from NumPy's global state,
    as in the transforms of MMPreTrain.

    Adds the key ``mask``, (H, W) int64, 1 for masked patches.

    Args:
        grid_size: Number of patches (H, W) of an image; an int for a square.
        num_patches: Largest number of masked patches.
        min_block: Smallest area of a block, in patches, while many patches
            are missing.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(
        self,
        grid_size: int | Sequence[int],
        num_patches: int,
        min_block: int = 16,
    ) -> None:
        if isinstance(grid_size, int):
            grid_size = (grid_size, grid_size)
        if min(grid_size) < 2:
            raise ValueError(
                f'grid_size must be at least 2, got {tuple(grid_size)}'
            )
        height, width = grid_size
        total = height * width
        if not 1 <= min_block <= num_patches < total:
            raise ValueError(
                'min_block and num_patches must lie between 1 and the number '
                f'of patches, {total}, the smaller one first, got {min_block} '
                f'and {num_patches}'
            )
        self.grid_size = height, width
        self.num_patches = num_patches
        self.min_block = min_block

    def transform(self, results: dict) -> dict:
        mask = blockwise_mask(self.grid_size, self.num_patches, self.min_block)
        results['mask'] = mask.astype('int64')
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(grid_size={self.grid_size}, '
            f'num_patches={self.num_patches}, min_block={self.min_block})'
        )
