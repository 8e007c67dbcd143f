import torch
from torch import Tensor

from hirl_mm.checkpoints.layouts.vit import is_rotary

# Embedding width -> number of heads, for ViT-Ti, S, B, L, H, of EVA-g, and of
# the largest DINOv2.
_USUAL = {192: 3, 384: 6, 768: 12, 1024: 16, 1280: 16, 1408: 16, 1536: 24}
# Of DINOv3, where they differ: H+ and 7B.
_DINOV3 = {1280: 20, 4096: 32}
_SMALL = 384
# The ViT-S of MoCo v3's authors has 12 heads of 32 channels, while that of
# HIRL's code has the usual 6.
_TWELVE_HEADS = 'facebookresearch/moco-v3'


def usual_heads(state: dict[str, Tensor], source: str = '') -> int | None:
    """Return the usual number of attention heads of a ViT or BEiT.

    The number cannot be read from the shapes of the weights, so it is looked
    up by the embedding width, as the released models have it.

    Args:
        state: State dict of the backbone, with MMPreTrain's names.
        source: Repository of the code that wrote the checkpoint, such as
            ``'facebookresearch/moco-v3'``; '' if it is not known.

    Returns:
        Number of heads. None if no released model has this width, the
        backbone has no class token (a ResNet), or it is a ViT-S of unknown
        source with the fixed positions of MoCo v3, which may have 6 or 12.
    """
    if 'cls_token' not in state:
        return None
    width = state['cls_token'].shape[-1]
    if width == _SMALL and source == _TWELVE_HEADS:
        return 12
    if width == _SMALL and 'hirl' not in source and _has_sines(state):
        return None
    if is_rotary(state):
        return _DINOV3.get(width, _USUAL.get(width))
    return _USUAL.get(width)


def _has_sines(state: dict[str, Tensor]) -> bool:
    """Whether the positions are sines and cosines, 0 at the class token."""
    positions = state.get('pos_embed')
    if positions is None:
        return False
    extra, positions = positions[0, 0].float(), positions[0, 1:].float()
    # Of height and width, first the sines of all frequencies, then cosines.
    sines, cosines = positions.unflatten(1, (2, 2, -1)).unbind(2)
    squares = sines.square() + cosines.square()
    return not extra.any() and torch.allclose(
        squares, torch.ones_like(squares), atol=1e-3
    )
