# CsMl as its released code trains it (haohang96/CSML): 256 anchors per step,
# one level, five neighbours by the key encoder, and no cross-sample terms in
# the first eleven epochs.
_base_ = 'csml_resnet50_32xb64-coslr-200e_in1k.py'

model = dict(
    head=dict(reduction='official', cross_start_epoch=11),
    mix=dict(alpha=2.0),
    branches=None,
)
optim_wrapper = dict(optimizer=dict(lr=0.03))
auto_scale_lr = dict(base_batch_size=512)
default_hooks = dict(neighbors=dict(k=5, encoder='key'))
