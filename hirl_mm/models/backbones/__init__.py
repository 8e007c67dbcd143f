"""Vision transformers that MMPreTrain lacks."""

from .dino_vit import DINOViT
from .frozen_vit import FrozenViT
from .masked_vit import MaskedViT
from .register_moco_v3_vit import RegisterMoCoV3ViT
from .register_vit import RegisterViT

__all__ = [
    'DINOViT',
    'FrozenViT',
    'MaskedViT',
    'RegisterMoCoV3ViT',
    'RegisterViT',
]
