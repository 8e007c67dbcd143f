# Fine-tuning a ViT-B/16 with the labels of 10 % of ImageNet, SimCLR's list:
# the recipe of all labels with the paper's rate for 10 %.
_base_ = '../_base_/finetune_vit_100e.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='hirl_mm.LabelledImages',
        data_root=_base_.data_root,
        data_prefix='train',
        ann_file='meta/10percent.txt',
        num_classes=1000,
        pipeline=_base_.train_pipeline,
    )
)
optim_wrapper = dict(optimizer=dict(lr=1e-4))
param_scheduler = [
    dict(_base_.warmup, start_factor=1e-6 / 1e-4),
    dict(_base_.cosine, eta_min_ratio=1e-6 / 1e-4),
]
protocol = dict(name='semisup-10pct')
