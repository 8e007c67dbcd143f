from collections.abc import Sequence
from functools import reduce

import torch
from torch import Generator, Tensor

from .blur import blur
from .colour_changes import change_colours, change_ragged_colours
from .colour_program import ColourProgram, colour_program
from .crops import Crops
from .parameters import Drawn, ViewParameters, drawn_as
from .plan import Outputs, Stage, Step, plan_of
from .ragged_images import RaggedImages
from .resampling import resample


class View:
    """Random views of images, made for a whole batch at once on its device.

    The steps are taken in their order, on 8-bit images as in Pillow, so that
    the same random parameters give the same view as MMPreTrain's transforms.

    Args:
        steps: Steps of this package; at most one ``RandomResizedCrop``
            or ``RandomCrop``. Only
            changes of colour and flips may stand before it. Without a crop all
            images must have one size.
        bgr: Whether the channels of the images are blue, green, red, or the
            other way round.

    Raises:
        TypeError: If a step is none of this package.
        ValueError: If a view has two crops, a blur before the crop, or steps
            after a crop to two sizes.

    Example:
        >>> import torch
        >>> from hirl_mm.views import Flip, RaggedImages, RandomResizedCrop
        >>> from hirl_mm.views import View
        >>> images = RaggedImages.of(
        ...     [
        ...         torch.zeros(30, 40, 3, dtype=torch.uint8),
        ...         torch.zeros(50, 20, 3, dtype=torch.uint8),
        ...     ]
        ... )
        >>> view = View([RandomResizedCrop((8, 8)), Flip(0.5)])
        >>> generator = torch.Generator().manual_seed(0)
        >>> parameters = view.draw(images.sizes, generator, count=3)
        >>> view.apply(images, parameters).shape
        torch.Size([6, 3, 8, 8])
    """

    def __init__(self, steps: Sequence[Step], bgr: bool = True) -> None:
        self.steps = tuple(steps)
        self.bgr = bgr
        self._plan = plan_of(self.steps)

    def __repr__(self) -> str:
        return f'View({list(self.steps)}, bgr={self.bgr})'

    def draw(
        self, sizes: Tensor, generator: Generator, count: int = 1
    ) -> ViewParameters:
        """Draw the random parameters of ``count`` views of every image.

        Args:
            sizes: (B, 2) int64, height and width of every image.
            generator: Source of all random numbers, on the host.
            count: Number of views of every image.

        Returns:
            Parameters of V = count * B views: first one view of every image,
            then the second of every image and so on.
        """
        image = torch.arange(len(sizes)).repeat(count)
        drawn = [step.draw(sizes[image], generator) for step in self.steps]
        return ViewParameters(image, tuple(drawn))

    def apply(
        self, images: RaggedImages, parameters: ViewParameters
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Make views.

        Args:
            images: B images on the device that makes the views.
            parameters: Parameters of V views, on the host.

        Returns:
            (V, 3, height, width) uint8 on the device of the images; two such
            tensors for a crop to two sizes.

        Raises:
            TypeError: If the images are not uint8.
            ValueError: If the images have no pixel or another number of
                channels, the parameters are those of other steps, a crop is
                not within its image, or there is no crop and images have
                different sizes.
        """
        made = self.apply_sizes(images, parameters)
        return made[0] if len(made) == 1 else (made[0], made[1])

    @torch.no_grad()
    def apply_sizes(
        self, images: RaggedImages, parameters: ViewParameters
    ) -> list[Tensor]:
        """Make views like :meth:`apply`, in a list with an entry per size."""
        images.check()
        images = images._replace(pixels=images.pixels.contiguous())
        plan, drawn, image = self._plan, parameters.drawn, parameters.image
        if len(drawn) != len(self.steps):
            raise ValueError(
                f'parameters must be drawn for the {len(self.steps)} steps of '
                f'this view, got {len(drawn)}; use draw of the same view'
            )
        if plan.before:
            images = images.chosen(image)
            image = torch.arange(len(image))
            for stage in plan.before:
                program = self._program(stage, drawn)
                change_ragged_colours(*images, program, self.bgr)
        boxes, outputs = self._crop(images.sizes, image, drawn)
        unflipped = torch.zeros(len(image), dtype=torch.bool)
        early, late = (
            reduce(
                torch.logical_xor,
                [drawn_as(Tensor, drawn[i]) for i in flips],
                unflipped,
            )
            for flips in (plan.flips_before, plan.flips_after)
        )
        # The crop of a mirrored image.
        boxes = boxes.clone()
        right = images.sizes[image, 1] - boxes[:, 1] - boxes[:, 3]
        boxes[:, 1] = torch.where(early, right, boxes[:, 1])
        crops = Crops.of(images, image, boxes, early ^ late)
        made = [
            resample(images.pixels, crops, size, name)
            for size, name in outputs
        ]
        for stage in plan.after:
            if stage.is_blur:
                blur(made[0], drawn_as(Tensor, drawn[stage.steps[0]]))
            else:
                program = self._program(stage, drawn)
                change_colours(made[0], program, self.bgr)
        return made

    def _program(self, stage: Stage, drawn: Drawn) -> ColourProgram:
        return colour_program(stage.colours, [drawn[i] for i in stage.steps])

    def _crop(
        self, sizes: Tensor, image: Tensor, drawn: Drawn
    ) -> tuple[Tensor, Outputs]:
        """Return boxes (V, 4), and sizes and filters of the views."""
        if self._plan.crop is not None:
            boxes = drawn_as(Tensor, drawn[self._plan.crop])
            return boxes, self._plan.outputs
        if len(sizes.unique(dim=0)) > 1:
            raise ValueError(
                'without a crop all images must have one size, '
                f'got {sizes.unique(dim=0).tolist()}'
            )
        whole = torch.cat([torch.zeros_like(sizes), sizes], 1)
        height, width = sizes[0].tolist() if len(sizes) else (1, 1)
        return whole[image], (((height, width), 'bilinear'),)
