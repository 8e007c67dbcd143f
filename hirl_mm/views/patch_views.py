from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from .parameters import ViewParameters, drawn_as
from .patch_scale import PatchScale
from .plan import Step
from .ragged_images import RaggedImages
from .random_crop import RandomCrop
from .random_resized_crop import RandomResizedCrop
from .view import View

NUM_GROUPS = 2


class PatchParameters(NamedTuple):
    """Random parameters of the patches of B images, all on the host.

    Attributes:
        regions: Parameters of B regions, of the first view of
            :class:`PatchViews`.
        patches: Parameters of the patches, of its second view; the boxes are
            those in the resized region.
    """

    regions: ViewParameters
    patches: ViewParameters


class PatchViews:
    """Patches of images on one scale, for a whole batch on its device.

    One random region of every image is cropped and resized once. In each of
    two groups, a patch of random place is cut out of every cell of the grid,
    and changed at random; patch m of both groups comes from the same cell.

    Args:
        scale: Grid, sizes and region of the patches.
        steps: Steps of every patch after it is cut out, none of them a crop.
        bgr: Whether the channels of the images are blue, green, red, or the
            other way round.

    Raises:
        TypeError: If a step is none of this package.
        ValueError: If a step is a crop.

    Example:
        >>> import torch
        >>> from hirl_mm.views import Flip, PatchScale, PatchViews
        >>> from hirl_mm.views import RaggedImages
        >>> images = RaggedImages.of(
        ...     [
        ...         torch.zeros(30, 40, 3, dtype=torch.uint8),
        ...         torch.zeros(50, 20, 3, dtype=torch.uint8),
        ...     ]
        ... )
        >>> scale = PatchScale(grid=2, region_size=32, patch_size=12)
        >>> views = PatchViews(scale, [Flip(0.5)])
        >>> generator = torch.Generator().manual_seed(0)
        >>> parameters = views.draw(images.sizes, generator)
        >>> views.apply(images, parameters).shape
        torch.Size([16, 3, 12, 12])
    """

    def __init__(
        self,
        scale: PatchScale,
        steps: Sequence[Step] = (),
        bgr: bool = True,
    ) -> None:
        self.scale = scale
        region = RandomResizedCrop(
            (scale.region_size, scale.region_size),
            scale.crop_ratio_range,
            interpolation=scale.interpolation,
        )
        patch = RandomCrop((scale.patch_size, scale.patch_size))
        self.region = View([region], bgr)
        self.patch = View([patch, *steps], bgr)

    def __repr__(self) -> str:
        return f'PatchViews({self.scale}, {list(self.patch.steps[1:])})'

    def draw(self, sizes: Tensor, generator: Generator) -> PatchParameters:
        """Draw the random parameters of all patches of a batch.

        Args:
            sizes: (B, 2) int64, height and width of every image.
            generator: Source of all random numbers, on the host.
        """
        num, scale = len(sizes), self.scale
        regions = self.region.draw(sizes, generator)
        cells = torch.full((num, 2), scale.cell_size)
        count = NUM_GROUPS * scale.num_patches
        patches = self.patch.draw(cells, generator, count)
        first, *rest = patches.drawn
        boxes = drawn_as(Tensor, first)
        origins = torch.from_numpy(scale.origins()).repeat(NUM_GROUPS, 1)
        corners = boxes[:, :2] + origins.repeat_interleave(num, 0)
        boxes = torch.cat([corners, boxes[:, 2:]], 1)
        return PatchParameters(regions, replace(patches, drawn=(boxes, *rest)))

    def apply(
        self, images: RaggedImages, parameters: PatchParameters
    ) -> Tensor:
        """Make the patches.

        Args:
            images: B images on the device that makes the patches.
            parameters: Parameters of their patches, on the host.

        Returns:
            (2 * M * B, 3, P, P) uint8 on the device of the images, with M
            patches of P x P pixels in a group: the first patch of every
            image, the second of every image and so on, those of the first
            group before those of the second.

        Raises:
            TypeError: If the images are not uint8.
            ValueError: If the images or the parameters make no sense, see
                :meth:`View.apply`.
        """
        (regions,) = self.region.apply_sizes(images, parameters.regions)
        side = self.scale.region_size
        ragged = RaggedImages(
            regions.permute(0, 2, 3, 1).reshape(-1, 3),
            torch.full((len(regions), 2), side),
        )
        (patches,) = self.patch.apply_sizes(ragged, parameters.patches)
        return patches
