from torch import Tensor

# Embedding width -> number of heads, for ViT-Ti, S, B and L.
_USUAL = {192: 3, 384: 6, 768: 12, 1024: 16}
# The ViT-S in MoCo v3's code has 12 heads of 32 channels.
_MOCOV3 = _USUAL | {384: 12}


def usual_heads(state: dict[str, Tensor], method: str = '') -> int | None:
    """Return the usual number of attention heads of a ViT or BEiT.

    The number cannot be read from the shapes of the weights, so it is looked
    up by the embedding width, as the released models have it.

    Args:
        state: State dict of the backbone, with MMPreTrain's names.
        method: Pre-training method of the released checkpoint, such as
            ``'MoCo v3'``.

    Returns:
        Number of heads; None if no released model has this width, or the
        backbone has no class token (a ResNet).
    """
    if 'cls_token' not in state:
        return None
    table = _MOCOV3 if method.endswith('MoCo v3') else _USUAL
    return table.get(state['cls_token'].shape[-1])
