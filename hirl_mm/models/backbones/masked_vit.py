import torch
from mmpretrain.models.utils import resize_pos_embed
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
        x, resolution = self.patch_embed(x)
        if mask.shape != x.shape[:2]:
            raise ValueError(
                f'a mask has {mask.size(1)} patches, but a view makes '
                f'{x.size(1)}, {resolution}: set grid_size={resolution} of '
                'BlockMask, the size of a global view / patch_size'
            )
        x = torch.where(mask[..., None], self.mask_token.to(x.dtype), x)
        x = torch.cat((self.cls_token.expand(len(x), -1, -1), x), dim=1)
        x = x + resize_pos_embed(
            self.pos_embed,
            self.patch_resolution,
            resolution,
            mode=self.interpolate_mode,
            num_extra_tokens=self.num_extra_tokens,
        )
        x = self.pre_norm(self.drop_after_pos(x))
        outputs = []
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i == len(self.layers) - 1 and self.final_norm:
                x = self.ln1(x)
            if i in self.out_indices:
                outputs.append(self._format_output(x, resolution))
        return tuple(outputs)
