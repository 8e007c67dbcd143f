from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.model import BaseDataPreprocessor
from mmpretrain.registry import MODELS as MMPRETRAIN_MODELS
from torch import Tensor, nn

from hirl_mm.datasets.view_steps import patch_views_of, view_of
from hirl_mm.registry import MODELS
from hirl_mm.views import RaggedImages


@MODELS.register_module()
class DeviceViews(BaseDataPreprocessor):
    """Make the random views of a batch on the device, then preprocess them.

    The workers only decode images (``PackWholeImage``, ``ragged_collate``).
    Crops, flips, colours, blur and solarisation happen here for all images of
    a batch at once, see :class:`hirl_mm.views.View`. The views go on to the
    data preprocessor of the recipe, as if workers had made them. Batches of
    views that are made already, such as those of an evaluation, go there as
    they are.

    In a training, the random numbers of a batch depend on the seed, the rank
    and the number of the batch only, so that a resumed run goes on with the
    views that it would have had. Otherwise they come from PyTorch's global
    state on the CPU.

    Args:
        transforms: One list of transforms per kind of view, as in MMPreTrain's
            ``MultiView``; see
            :func:`~hirl_mm.datasets.view_steps.view_of` for those that have a
            form for the device.
        num_views: Number of views of each kind; an int if there is one kind.
        data_preprocessor: Config of the data preprocessor that gets the
            views: a list, or a single view as it is.
        patches: ``scales``, ``transforms`` and ``enlarge_small_images`` of the
            patches that come after the views, as in
            :class:`~hirl_mm.datasets.transforms.PatchPyramid`; None for
            views alone.

    Attributes:
        seed: Seed of the training; None outside of a training.
        num_batches: Number of batches of the training that have been made.

    Raises:
        ValueError: If a transform has no form for the device, or the number
            of kinds of views is not that of ``num_views``.
    """

    def __init__(
        self,
        transforms: Sequence[Sequence[Mapping]],
        num_views: int | Sequence[int],
        data_preprocessor: Mapping,
        patches: Mapping | None = None,
    ) -> None:
        super().__init__(non_blocking=True)
        if isinstance(num_views, int):
            num_views = [num_views]
        if len(num_views) != len(transforms):
            raise ValueError(
                'num_views needs one number for each list in transforms, got '
                f'{len(num_views)} and {len(transforms)}'
            )
        self.num_views = tuple(num_views)
        self.views = [view_of(steps) for steps in transforms]
        patches = dict(patches or dict(scales=[], transforms=[]))
        self.enlarge_small_images = patches.pop('enlarge_small_images', False)
        self.patches = patch_views_of(**patches)
        self.data_preprocessor = MMPRETRAIN_MODELS.build(
            dict(type='SelfSupDataPreprocessor') | dict(data_preprocessor)
        )
        self.seed: int | None = None
        self.num_batches = 0

    def forward(self, data: dict, training: bool = False) -> dict:
        """Preprocess a batch.

        Args:
            data: Batch of ``ragged_collate``, or a batch of views.
            training: Passed on to the data preprocessor of the recipe.

        Returns:
            What the data preprocessor of the recipe returns.
        """
        return self.data_preprocessor(self.with_views(data), training)

    @torch.no_grad()
    def with_views(self, data: dict) -> dict:
        """Replace the decoded images of a batch by their views.

        Args:
            data: Batch of ``ragged_collate``; a batch of views stays as it
                is.

        Returns:
            The batch with a list of views (B, 3, H, W) uint8 on the device, or
            with the view if there is one. Patches are views, too.

        Raises:
            ValueError: If an image is smaller than a patch, and small images
                are not enlarged.
        """
        images = data.get('inputs') if isinstance(data, Mapping) else None
        if not isinstance(images, RaggedImages):
            return data
        self._check_sizes(images.sizes, data)
        generator = self._generator()
        here = images._replace(
            pixels=images.pixels.to(self.device, non_blocking=True)
        )
        views = []
        for view, count in zip(self.views, self.num_views, strict=True):
            parameters = view.draw(images.sizes, generator, count=count)
            made = view.apply(here, parameters)
            for batch in made if isinstance(made, tuple) else (made,):
                views.extend(batch.split(len(images.sizes)))
        for patches in self.patches:
            made = patches.apply(here, patches.draw(images.sizes, generator))
            views.extend(made.split(len(images.sizes)))
        return dict(data) | dict(inputs=views if len(views) > 1 else views[0])

    def _check_sizes(self, sizes: Tensor, data: Mapping) -> None:
        if self.enlarge_small_images:
            return
        for patches in self.patches:
            small = (sizes < patches.scale.patch_size).any(1)
            if small.any():
                i = int(small.int().argmax())
                samples = data.get('data_samples')
                sample = None if samples is None else samples[i]
                name = getattr(sample, 'img_path', '')
                height, width = sizes[i].tolist()
                patches.scale.check_image(height, width, name)

    def _generator(self) -> torch.Generator:
        generator = torch.Generator()
        if self.seed is None:
            return generator.manual_seed(int(torch.randint(2**62, ())))
        key = np.random.SeedSequence([self.seed, get_rank(), self.num_batches])
        self.num_batches += 1
        return generator.manual_seed(int(key.generate_state(1, np.uint64)[0]))

    def to(self, *args: Any, **kwargs: Any) -> nn.Module:
        super().to(*args, **kwargs)
        self.data_preprocessor.to(*args, **kwargs)
        return self

    def cuda(self, *args: Any, **kwargs: Any) -> nn.Module:
        super().cuda(*args, **kwargs)
        self.data_preprocessor.cuda(*args, **kwargs)
        return self

    def cpu(self, *args: Any, **kwargs: Any) -> nn.Module:
        super().cpu(*args, **kwargs)
        self.data_preprocessor.cpu(*args, **kwargs)
        return self
