from typing import Any

import torch
from torch import Tensor, nn

from hirl_mm.registry import MODELS

from .dino_vit import DINOViT


@MODELS.register_module()
class MaskedViT(DINOViT):
    """A DINOViT that accepts masked patches, such as the student of iBOT.

    It adds the parameter ``mask_token``, (1, 1, C), initialised with zeros.

    Args:
        *args: Positional arguments of :class:`DINOViT`.
        **kwargs: Keyword arguments of :class:`DINOViT`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, self.embed_dims))

    def forward(
        self, x: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Return the features of images, with or without masked patches.

        Args:
            x: Images (B, 3, H, W).
            mask: (B, N) bool, True where the mask token replaces the patch
                embedding before the position embeddings are added. None
                masks no patch. A mask of False alone returns the same
                features as None, but keeps the mask token in the autograd
                graph, as DistributedDataParallel requires.

        Returns:
            The outputs of ``mmpretrain.VisionTransformer``.

        Raises:
            ValueError: If the mask and the image differ in the number of
                patches.
        """
        if mask is None:
            return super().forward(x)

        def replace_masked(module: Any, args: Any, output: Any) -> tuple:
            patches, resolution = output
            if mask.shape != patches.shape[:2]:
                raise ValueError(
                    f'a mask has {mask.size(1)} patches, but a view has '
                    f'{patches.size(1)}, {resolution}: set '
                    f'grid_size={resolution} in BlockMask, the size of a '
                    'global view / patch_size'
                )
            token = self.mask_token.to(patches.dtype)
            return torch.where(mask[..., None], token, patches), resolution

        handle = self.patch_embed.register_forward_hook(replace_masked)
        try:
            return super().forward(x)
        finally:
            handle.remove()
