# CsMl's fine-tuning of a ResNet-50 with the labels of 10 % of ImageNet.
_base_ = '../_base_/resnet50_semisup_cosine_60e.py'

train_dataloader = dict(dataset=dict(ann_file='meta/10percent.txt'))
protocol = dict(name='semisup-60e-10pct')
