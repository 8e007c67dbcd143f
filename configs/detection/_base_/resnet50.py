# What detectors on a pre-trained ResNet-50 have in common: the normalisation
# of the images, SyncBN, nothing frozen. Configs take c4 or fpn as the model.
sync_bn = dict(type='SyncBN', requires_grad=True)
images = dict(
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True,
)
resnet50 = dict(
    frozen_stages=-1,
    norm_cfg=sync_bn,
    norm_eval=False,
    style='pytorch',
    init_cfg=dict(
        _delete_=True, type='Pretrained', _scope_='hirl_mm', checkpoint=''
    ),
)
c4 = dict(
    type='hirl_mm.C4Detector',
    data_preprocessor=images,
    backbone=resnet50,
    roi_head=dict(
        shared_head=dict(
            type='hirl_mm.Res5ExtraNorm',
            norm_cfg=sync_bn,
            norm_eval=False,
            style='pytorch',
            init_cfg=None,  # C4Detector gives it that of the backbone.
        )
    ),
)
fpn = dict(
    data_preprocessor=images,
    backbone=resnet50,
    neck=dict(norm_cfg=sync_bn),
    roi_head=dict(mask_head=dict(norm_cfg=sync_bn)),
)
