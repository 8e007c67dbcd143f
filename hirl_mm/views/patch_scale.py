from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .filters import FILTERS
from .ranges import check_range


@dataclass(frozen=True)
class PatchScale:
    """A grid of patches over a region of an image.

    Args:
        grid: Cells of the grid per side; it has ``grid ** 2`` cells.
        region_size: Side in pixels that the region is resized to. Pixels that
            cells of equal size leave over, at the right and at the bottom,
            are not used.
        patch_size: Side of a patch in pixels.
        crop_ratio_range: Smallest and largest share of the image that the
            region covers.
        interpolation: Filter of the resizing, ``'bilinear'``, ``'bicubic'`` or
            ``'lanczos'``, as in Pillow.

    Raises:
        ValueError: If the grid is empty, a cell is smaller than a patch, the
            range makes no sense or the filter is unknown.
    """

    grid: int
    region_size: int
    patch_size: int
    crop_ratio_range: tuple[float, float] = (0.6, 1.0)
    interpolation: str = 'bilinear'

    def __post_init__(self) -> None:
        ratios = tuple(self.crop_ratio_range)
        check_range('crop_ratio_range', ratios, 0, 1)
        object.__setattr__(self, 'crop_ratio_range', ratios)
        if self.interpolation not in FILTERS:
            raise ValueError(
                f'interpolation must be one of {", ".join(FILTERS)}, got '
                f'{self.interpolation!r}'
            )
        if self.grid < 1 or self.patch_size < 1:
            raise ValueError(
                'grid and patch_size must be at least 1, got '
                f'{self.grid} and {self.patch_size}'
            )
        if self.cell_size < self.patch_size:
            raise ValueError(
                f'a cell of a {self.grid} x {self.grid} grid over '
                f'region_size={self.region_size} has a side of '
                f'{self.cell_size} pixels, less than patch_size='
                f'{self.patch_size}: use region_size='
                f'{self.grid * self.patch_size} or more'
            )

    @property
    def cell_size(self) -> int:
        """Side of a cell in pixels."""
        return self.region_size // self.grid

    @property
    def num_patches(self) -> int:
        """Number of cells M, and of patches in a group."""
        return self.grid**2

    @property
    def free(self) -> int:
        """Largest distance of a patch from the corner of its cell."""
        return self.cell_size - self.patch_size

    def origins(self) -> np.ndarray:
        """Return the corners of the cells, row by row.

        Returns:
            (M, 2) int64: top and left in pixels of the resized region.
        """
        cells = np.indices((self.grid, self.grid)).reshape(2, -1).T
        return cells * self.cell_size

    def cut(
        self, region: np.ndarray, place: np.ndarray
    ) -> Iterator[np.ndarray]:
        """Cut a patch out of every cell of a region, row by row.

        Args:
            region: (region_size, region_size, ...), the resized region.
            place: (M, 2) or (2,) integers from 0 to :attr:`free`, distance of
                every patch from the top and the left of its cell.

        Yields:
            Copies (patch_size, patch_size, ...).
        """
        for top, left in self.origins() + place:
            bottom, right = top + self.patch_size, left + self.patch_size
            yield region[top:bottom, left:right].copy()

    def central_patches(self, region: np.ndarray) -> Iterator[np.ndarray]:
        """Cut the patch in the middle of every cell, see :meth:`cut`."""
        return self.cut(region, self._middle)

    def central_boxes(self, height: int, width: int) -> np.ndarray:
        """Return what :meth:`central_patches` shows of a whole image.

        Args:
            height: Height of the image in pixels.
            width: Width of the image in pixels.

        Returns:
            (M, 4) float64: left, top, right and bottom in pixels of the image
            that was resized to the region, row by row.
        """
        corners = (self.origins() + self._middle)[:, ::-1]
        boxes = np.concatenate([corners, corners + self.patch_size], axis=1)
        return boxes * ([width, height] * 2) / self.region_size

    @property
    def _middle(self) -> np.ndarray:
        """Distance (2,) of the patch in the middle from its cell's corner."""
        return np.full(2, self.free // 2)

    def check_image(self, height: int, width: int, name: str = '') -> None:
        """Check that an image is not smaller than a patch.

        Args:
            height: Height in pixels.
            width: Width in pixels.
            name: What the error calls the image, such as its path.

        Raises:
            ValueError: If a side is shorter than that of a patch.
        """
        if min(height, width) < self.patch_size:
            raise ValueError(
                f'the image {name or "of a batch"} has {height} x {width} '
                f'pixels, fewer than a patch of {self.patch_size} x '
                f'{self.patch_size}: leave it out, use smaller patches, or '
                'set enlarge_small_images=True in PatchPyramid, as the '
                'released code does'
            )
