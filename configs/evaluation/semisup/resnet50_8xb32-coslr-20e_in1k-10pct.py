# HCCL's fine-tuning of a ResNet-50 with the labels of 10 % of ImageNet.
_base_ = '../_base_/resnet50_semisup_cosine_20e.py'

train_dataloader = dict(dataset=dict(ann_file='meta/10percent.txt'))
protocol = dict(name='semisup-coslr-10pct')
