# Fine-tuning BEiT on ImageNet, as in the released code of HIRL: mean of the
# patches, relative positions in every layer. BEiT is not in the paper.
_base_ = 'vit-base-p16_8xb128-amp-coslr-100e_in1k.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='BEiTViT',
        arch='base',
        img_size=224,
        patch_size=16,
        drop_path_rate=0.1,
        out_type='avg_featmap',
        use_abs_pos_emb=False,
        use_rel_pos_bias=True,
        init_cfg=_base_.model.backbone.init_cfg,
    )
)
# 7e-4 for every 256 images, from 1e-6 to 0.
optim_wrapper = dict(optimizer=dict(lr=2.8e-3))
param_scheduler = [
    dict(_base_.warmup, start_factor=1e-6 / 2.8e-3),
    dict(_base_.cosine, eta_min_ratio=0.0),
]
