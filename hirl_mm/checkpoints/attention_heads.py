from torch import Tensor

# Width -> heads of the usual ViT-Ti, S, B and L.
_USUAL = {192: 3, 384: 6, 768: 12, 1024: 16}
# The ViT-S of MoCo v3's authors has heads of 32 channels.
_MOCOV3 = _USUAL | {384: 12}


def usual_heads(state: dict[str, Tensor], method: str = '') -> int | None:
    """Attention heads that a ViT or BEiT of its width has in releases.

    No shape of a ViT's weights tells them.

    Args:
        state: The backbone in MMPreTrain's names.
        method: What it was released as.

    Returns:
        The number, or None for a width that no release has, and without
        attention.
    """
    if 'cls_token' not in state:
        return None
    table = _MOCOV3 if method.endswith('MoCo v3') else _USUAL
    return table.get(state['cls_token'].shape[-1])
