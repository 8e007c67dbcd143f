# Training on after demo/resnet18_1xb16-finetune-20e_digits-1pct.py, with the
# labels that tools/mine_labels.py has found.
_base_ = [
    '../_base_/digits.py',
    '../_base_/resnet18_demo.py',
    '../_base_/demo_finetune_10e.py',
]

load_from = ''
model = dict(backbone=dict(init_cfg=None))
train_dataloader = dict(
    dataset=dict(
        type='hirl_mm.LabelledImages',
        ann_file='meta/1percent-mined.txt',
        num_classes=10,
    ),
)
optim_wrapper = dict(optimizer=dict(lr=0.001))
param_scheduler = [dict(_base_.param_scheduler[0], milestones=[4, 7])]
protocol = dict(name='semisup-mined-1pct')
