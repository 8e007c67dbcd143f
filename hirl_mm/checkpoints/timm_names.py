import re

# Networks of timm whose weights have the names and shapes of a plain ResNet
# or ViT, and that compute the same.
_PLAIN = re.compile(
    r'(tv_|gluon_)?(resnet(18|34|50|101|152)(_v1b)?$|(wide_resnet|resnext)\d+_)'
    r'|(vit|deit|deit3|beit|beitv2|flexivit)_'
)
# Rotary positions are not in the weights; only DINOv3's are known here.
_ROTARY = re.compile(r'_(rope|pe)(_|$)')
_DINOV3 = re.compile(r'vit_.*_(dinov3|lingbot)')


def check_timm_name(name: str | None, rotary: bool = False) -> None:
    """Raise if a network of timm computes other features than its weights say.

    Networks with blurred or averaged downsampling have the tensors of a plain
    ResNet.

    Args:
        name: ``architecture`` in timm's ``config.json``; None if there is no
            such file.
        rotary: Whether the network has registers and no position embeddings,
            as DINOv3.

    Raises:
        ValueError: If it is not a ResNet, ViT or BEiT as published.
    """
    if name is None:
        return
    if rotary and not _DINOV3.match(name):
        raise ValueError(
            f"timm's {name} has register tokens and no position embeddings, "
            'but is no DINOv3, whose rotary positions are known here. Use a '
            'network whose name contains dinov3'
        )
    if not _PLAIN.match(name) or (not rotary and _ROTARY.search(name)):
        raise ValueError(
            f"timm's {name} is not a plain ResNet, ViT or BEiT, although its "
            'tensors have their names: its features would change. Use a '
            'network whose name begins with resnet50, vit_, deit_ or beit_'
        )
