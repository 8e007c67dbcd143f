# Training on with true and mined labels, CsMl's data mining (section 4.2):
# "a standard fully supervised learning procedure" with the paper's rates.
# tools/mine_labels.py writes the list. The training begins with all weights
# of the classifier that found the labels: --cfg-options load_from=CHECKPOINT.
_base_ = './resnet50_semisup_20e.py'

load_from = ''
model = dict(backbone=dict(init_cfg=None))
optim_wrapper = dict(
    optimizer=dict(lr=1e-4, weight_decay=1e-4),
    # 1e-2 for the classifier.
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=100.0))),
)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[30, 60], gamma=0.1)
]
train_cfg = dict(max_epochs=90)
protocol = dict(further_metrics=['accuracy/top5'])
