# Cascade Mask R-CNN on the ViT of configs/debug: the detector of ViT-B/16 in
# minutes. Patches of 8 pixels halve all strides.
_base_ = ['../_base_/cascade_heads.py', '../_base_/shape_scenes.py']

strides = [2, 4, 8, 16]
box_head = dict(
    _base_.box_head,
    in_channels=64,
    fc_out_channels=128,
    conv_out_channels=32,
    num_classes=12,
    norm_cfg=dict(type='BN'),
)
regions = dict(
    roi_layer=dict(sampling_ratio=2), out_channels=64, featmap_strides=strides
)
model = dict(
    data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3),
    backbone=dict(
        _delete_=True,
        type='mmpretrain.VisionTransformer',
        arch=dict(
            embed_dims=64,
            num_layers=4,
            num_heads=4,
            feedforward_channels=256,
        ),
        out_type='featmap',
        out_indices=[0, 1, 2, 3],
        final_norm=False,
        img_size=(128, 160),
        patch_size=8,
        init_cfg=dict(type='Pretrained', _scope_='hirl_mm', checkpoint=''),
    ),
    neck=[
        dict(
            type='hirl_mm.FourScaleNeck',
            in_channels=64,
            norm_cfg=dict(type='BN'),
            input_norm_cfg=dict(type='IN'),
        ),
        dict(
            type='FPN',
            in_channels=[64] * 4,
            out_channels=64,
            num_outs=5,
            norm_cfg=dict(type='BN'),  # Without it, the proposals get lost.
        ),
    ],
    rpn_head=dict(
        in_channels=64,
        feat_channels=64,
        anchor_generator=dict(strides=[*strides, 32], scales=[8]),
    ),
    roi_head=dict(
        bbox_roi_extractor=regions,
        bbox_head=[dict(box_head, bbox_coder=c) for c in _base_.coders],
        mask_roi_extractor=regions,
        mask_head=dict(in_channels=64, conv_out_channels=32, num_classes=12),
    ),
    train_cfg=dict(
        rpn_proposal=dict(nms_pre=200, max_per_img=100),
        rcnn=[
            dict(stage, sampler=dict(stage.sampler, num=32))
            for stage in _base_.model.train_cfg.rcnn
        ],
    ),
    test_cfg=dict(
        rpn=dict(nms_pre=200, max_per_img=50),
        # Scores are low after so short a training.
        rcnn=dict(score_thr=0.01),
    ),
)
activation_checkpointing = [f'backbone.layers.{i}' for i in range(4)]
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='hirl_mm.LayerDecayOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
    paramwise_cfg=dict(layer_decay_rate=0.65, flat_decay_mult=0.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, end=50),
    dict(type='MultiStepLR', by_epoch=True, milestones=[8, 11], gamma=0.1),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=4)
protocol = dict(name='shape-scenes', metric='coco/bbox_mAP')
