# Training on after semisup/resnet50_8xb32-coslr-60e_in1k-1pct.py.
_base_ = '../_base_/resnet50_mined_90e.py'

train_dataloader = dict(dataset=dict(ann_file='meta/1percent-mined.txt'))
protocol = dict(name='semisup-mined-1pct')
