# Fine-tuning a ResNet-50 with the labels of 1 % of ImageNet, SimCLR's list.
_base_ = '../_base_/resnet50_semisup_20e.py'

train_dataloader = dict(dataset=dict(ann_file='meta/1percent.txt'))
optim_wrapper = dict(
    optimizer=dict(lr=0.02),
    # 5 for the classifier.
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=250.0))),
)
protocol = dict(name='semisup-1pct')
