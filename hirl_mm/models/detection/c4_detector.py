from copy import deepcopy

from torch import nn

from hirl_mm.registry import MODELS


@MODELS.register_module(name='C4Detector')
def c4_detector(backbone: dict, roi_head: dict, **detector) -> nn.Module:
    """Build MMDetection's two-stage detector from one checkpoint.

    The stages of a C4 detector's ResNet are in two places, the last one in
    the head of the regions. ``backbone.init_cfg`` holds for both, so that
    the checkpoint is given once.

    Args:
        backbone: The first three stages.
        roi_head: Has a ``shared_head``, the fourth; and a ``mask_head`` for
            a Mask R-CNN.
        **detector: The rest of ``mmdet.FasterRCNN``.
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
