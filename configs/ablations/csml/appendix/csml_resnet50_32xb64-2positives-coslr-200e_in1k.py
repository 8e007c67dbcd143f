# Two positives per anchor and no mixed images (Table A.2).
_base_ = '../../../csml/csml_resnet50_32xb64-coslr-200e_in1k.py'

# 32 anchors per GPU, as with one positive.
model = dict(num_positives=2, mix=None)
train_dataloader = dict(batch_size=96, sampler=dict(num_positives=2))
auto_scale_lr = dict(base_batch_size=3072)
