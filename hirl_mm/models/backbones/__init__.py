from .dino_vit import DINOViT
from .masked_vit import MaskedViT

__all__ = ['DINOViT', 'MaskedViT']
