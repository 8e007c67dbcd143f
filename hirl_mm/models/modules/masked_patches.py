from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmpretrain.structures import DataSample
from torch import Tensor

_MISSING = (
    'iBOT needs masked_patches with {num} masks in every sample: put '
    "dict(type='hirl_mm.BlockMask', num_masks={num}, ...) after MultiView, "
    "and add 'masked_patches' to the meta_keys of PackInputs"
)


@dataclass(frozen=True)
class MaskedPatches:
    """The masked patches in the G global views of B images.

    Attributes:
        mask: (G * B, N) bool, True at masked patches. All images of view 0
            come first, then those of view 1, and so on.
        idx: (M,) long, ascending indices of the M masked patches among all
            G * B * N patches.
        weight: (M,) float, 1 / (masked patches of the view x G * B). The
            weighted sum over patches is the mean over the masked patches of
            each view, averaged over views, as in the released iBOT. A view
            without masked patches adds 0 to it.
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
        """Create the value from the masks that a data pipeline adds.

        The indices are computed on the CPU, where the pipeline leaves the
        masks, so that the device is not synchronised.

        Args:
            data_samples: B samples with ``masked_patches``, (G, H, W) bool
                arrays, in their metainfo.
            num_views: Number of global views G.
            device: Device of the tensors.

        Raises:
            ValueError: If a sample has no masks or the wrong number of masks.
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
        """Select the masked ones of all patches, (G * B, N, C) to (M, C)."""
        return patches.flatten(0, 1)[self.idx]
