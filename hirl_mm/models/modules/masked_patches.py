from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmpretrain.structures import DataSample
from torch import Tensor

_MISSING = (
    'iBOT needs masked_patches with {num} masks in every sample: put '
    "dict(type='hirl_mm.BlockMask', num_masks={num}, ...) behind MultiView, "
    "and 'masked_patches' into the meta_keys of PackInputs"
)


@dataclass(frozen=True)
class MaskedPatches:
    """Which patches of a batch of global views are masked.

    Attributes:
        mask: (G * B, N) bool, view after view.
        idx: (M,) long, the masked patches among all G * B * N, in order.
        weight: (M,) float, 1 / (masked patches of the view x G * B), so that
            a weighted sum is a mean over the patches of a view and over
            views, as in the released iBOT; a view without a masked patch
            counts as 0.
    """

    mask: Tensor
    idx: Tensor
    weight: Tensor

    @classmethod
    def of_samples(
        cls,
        data_samples: Sequence[DataSample],
        num_views: int,
        device: torch.device,
    ) -> 'MaskedPatches':
        """From the ``masked_patches`` (G, H, W) of B samples.

        Works out positions on the CPU, where the data pipeline leaves the
        masks, so that the device is not waited for.

        Raises:
            ValueError: If a sample has no masks, or another number.
        """
        masks = [sample.get('masked_patches') for sample in data_samples]
        if any(mask is None or len(mask) != num_views for mask in masks):
            raise ValueError(_MISSING.format(num=num_views))
        mask = np.stack(masks, axis=1).reshape(num_views * len(masks), -1)
        counts = mask.sum(1)
        shares = 1 / (np.maximum(counts, 1) * len(mask))
        arrays = (
            mask,
            np.flatnonzero(mask),
            np.repeat(shares, counts).astype(np.float32),
        )
        return cls(
            *(
                torch.from_numpy(array).to(device, non_blocking=True)
                for array in arrays
            )
        )

    def select(self, patches: Tensor) -> Tensor:
        """Rows of the masked patches: (G * B, N, C) to (M, C)."""
        return patches.flatten(0, 1)[self.idx]
