from copy import deepcopy
from typing import Any

from torch import nn

from hirl_mm.registry import MODELS


@MODELS.register_module(name='C4Detector')
def c4_detector(backbone: dict, roi_head: dict, **detector: Any) -> nn.Module:
    """Build MMDetection's two-stage C4 detector from one checkpoint.

    A C4 detector splits its ResNet: the last stage is part of the RoI head.
    This function uses ``backbone.init_cfg`` for both parts, so a config names
    the checkpoint once.

    Args:
        backbone: Config of the first three stages of the ResNet.
        roi_head: Config of the RoI head. Its ``shared_head`` is the fourth
            stage of the ResNet; with a ``mask_head`` the detector is a Mask
            R-CNN.
        **detector: Other arguments of ``mmdet.FasterRCNN``.

    Returns:
        An ``mmdet.MaskRCNN`` if ``roi_head`` has a ``mask_head``, otherwise
        an ``mmdet.FasterRCNN``.
    """
    roi_head = deepcopy(roi_head)
    roi_head['shared_head']['init_cfg'] = backbone.get('init_cfg')
    return MODELS.build(
        dict(
            type='mmdet.MaskRCNN'
            if 'mask_head' in roi_head
            else 'mmdet.FasterRCNN',
            backbone=backbone,
            roi_head=roi_head,
            **detector,
        )
    )
