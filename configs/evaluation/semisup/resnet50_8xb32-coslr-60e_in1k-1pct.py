# CsMl's fine-tuning of a ResNet-50 with the labels of 1 % of ImageNet.
_base_ = '../_base_/resnet50_semisup_cosine_60e.py'

train_dataloader = dict(dataset=dict(ann_file='meta/1percent.txt'))
protocol = dict(name='semisup-60e-1pct')
