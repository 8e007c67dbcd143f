import torch
from torch import Tensor, nn

from hirl_mm.registry import MODELS

from .dino_vit import DINOViT


@MODELS.register_module()
class MaskedViT(DINOViT):
    """A DINOViT that reads images with masked patches, as iBOT's student.

    Adds ``mask_token``, (1, 1, C), which starts at 0.

    Args:
        *args: Of :class:`DINOViT`.
        **kwargs: Of :class:`DINOViT`.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, self.embed_dims))

    def forward(
        self, x: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Features of images, or of masked images.

        Args:
            x: Images (B, 3, H, W).
            mask: (B, N) bool, True at patches whose embedding the mask token
                replaces before positions are added; None for none. An all
                False mask has the same features, but keeps the mask token in
                the graph, which DistributedDataParallel needs.

        Returns:
            As ``mmpretrain.VisionTransformer``.

        Raises:
            ValueError: If the mask has more or fewer patches than the image.
        """
        if mask is None:
            return super().forward(x)

        def replace_masked(module, args, output):
            patches, resolution = output
            if mask.shape != patches.shape[:2]:
                raise ValueError(
                    f'a mask has {mask.size(1)} patches, but a view makes '
                    f'{patches.size(1)}, {resolution}: set '
                    f'grid_size={resolution} of BlockMask, the size of a '
                    'global view / patch_size'
                )
            token = self.mask_token.to(patches.dtype)
            return torch.where(mask[..., None], token, patches), resolution

        handle = self.patch_embed.register_forward_hook(replace_masked)
        try:
            return super().forward(x)
        finally:
            handle.remove()
