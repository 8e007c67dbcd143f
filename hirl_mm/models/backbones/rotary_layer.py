import torch
from mmpretrain.models.backbones.vision_transformer import (
    TransformerEncoderLayer,
)
from mmpretrain.models.utils import MultiheadAttention
from torch import Tensor
from torch.nn import functional as F

from .rotation_table import rotated


class RotaryAttention(MultiheadAttention):
    """MMPreTrain's attention with queries and keys rotated by their place.

    Keys have no bias, as in DINOv3: the part of ``qkv.bias`` that belongs to
    them is not used and gets no gradient.
    """

    def forward(self, x: Tensor, table: Tensor) -> Tensor:
        """Return what the tokens attend to.

        Args:
            x: (B, L, C) tokens.
            table: (2, L, d), see :func:`~.rotation_table.rotation_table`.

        Returns:
            (B, L, C).
        """
        qkv = F.linear(x, self.qkv.weight, self._bias())
        qkv = qkv.unflatten(-1, (3, self.num_heads, self.head_dims))
        qkv = qkv.permute(2, 0, 3, 1, 4)
        queries, keys = rotated(qkv[:2], table).unbind()
        dropout = self.attn_drop if self.training else 0.0
        x = F.scaled_dot_product_attention(
            queries, keys, qkv[2], dropout_p=dropout
        )
        x = self.proj(x.transpose(1, 2).flatten(2))
        return self.out_drop(self.gamma1(self.proj_drop(x)))

    def _bias(self) -> Tensor | None:
        if self.qkv.bias is None:
            return None
        queries, keys, values = self.qkv.bias.chunk(3)
        return torch.cat([queries, torch.zeros_like(keys), values])


class RotaryLayer(TransformerEncoderLayer):
    """A layer of MMPreTrain's ViT whose attention is a RotaryAttention."""

    def forward(self, x: Tensor, table: Tensor) -> Tensor:
        """Return the tokens (B, L, C) after attention and MLP.

        Args:
            x: (B, L, C) tokens.
            table: (2, L, d), see :func:`~.rotation_table.rotation_table`.
        """
        x = x + self.attn(self.ln1(x), table)
        return self.ffn(self.ln2(x), identity=x)


def make_rotary(layer: TransformerEncoderLayer) -> None:
    """Turn a layer of MMPreTrain's ViT into a RotaryLayer, in place.

    ``VisionTransformer`` builds its layers itself. As parametrizations of
    PyTorch do, this changes the classes of the built modules, so that
    weights and settings remain.

    Args:
        layer: The layer.

    Raises:
        ValueError: If the channels of a head are no multiple of 4.
    """
    channels = layer.attn.head_dims
    if channels % 4:
        raise ValueError(
            'rotary positions need a number of channels per attention head '
            f'that is a multiple of 4, got {channels} '
            f'({layer.embed_dims} channels / {layer.attn.num_heads} heads): '
            'change num_heads or embed_dims in arch'
        )
    layer.__class__ = RotaryLayer
    layer.attn.__class__ = RotaryAttention
