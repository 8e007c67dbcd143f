"""Vision transformers that MMPreTrain lacks."""

from .dino_vit import DINOViT
from .frozen_vit import FrozenViT
from .masked_vit import MaskedViT

__all__ = ['DINOViT', 'FrozenViT', 'MaskedViT']
