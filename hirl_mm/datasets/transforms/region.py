import mmcv
import numpy as np

from hirl_mm.views import PatchScale


def resized_region(region: np.ndarray, scale: PatchScale) -> np.ndarray:
    """Resize a part of an image, or a whole one, to the region of a scale.

    Args:
        region: (H, W, 3) uint8.
        scale: Scale whose grid lies over the region.

    Returns:
        (region_size, region_size, 3) uint8.
    """
    return mmcv.imresize(
        # Pillow takes several times longer to read rows with gaps.
        np.ascontiguousarray(region),
        (scale.region_size, scale.region_size),
        interpolation=scale.interpolation,
        backend='pillow',
    )
