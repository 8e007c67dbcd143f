"""Block-wise masks of patches, as BEiT and iBOT draw them."""

import math

import numpy as np

# Number of attempts to find a block that masks new patches.
_NUM_TRIES = 10
# The aspect ratio of a block lies between 0.3 and 1 / 0.3.
_MAX_LOG_ASPECT = -math.log(0.3)


def blockwise_mask(
    grid_size: tuple[int, int], most: float, smallest: float
) -> np.ndarray:
    """Mask patches by blocks of random area, aspect ratio and position.

    Blocks are added as long as patches are missing and a block is found that
    masks new ones, but not too many. The area of a block is drawn between
    ``smallest`` and the number of missing patches, also if the latter is
    smaller. Random numbers come from NumPy's global state.

    Args:
        grid_size: Number of patches (H, W).
        most: Number of patches to mask. It need not be an integer: iBOT draws
            a share of the patches and does not round.
        smallest: Smallest area of a block while many patches are missing.

    Returns:
        (H, W) bool, with at most ``most`` masked patches.
    """
    mask = np.zeros(grid_size, dtype=bool)
    while (missing := most - int(mask.sum())) > 0:
        if not _add_block(mask, missing, smallest):
            break
    return mask


def _add_block(mask: np.ndarray, missing: float, smallest: float) -> bool:
    """Mask a block with 1 to ``missing`` new patches.

    Returns:
        False if no such block was found.
    """
    height, width = mask.shape
    for _ in range(_NUM_TRIES):
        area = smallest + (missing - smallest) * np.random.rand()
        aspect = math.exp(np.random.uniform(-_MAX_LOG_ASPECT, _MAX_LOG_ASPECT))
        rows = round(math.sqrt(area * aspect))
        columns = round(math.sqrt(area / aspect))
        if not (0 < rows < height and 0 < columns < width):
            continue
        top = np.random.randint(height - rows + 1)
        left = np.random.randint(width - columns + 1)
        block = mask[top : top + rows, left : left + columns]
        if 0 < block.size - block.sum() <= missing:
            block[:] = True
            return True
    return False
