# Every image is its own positive, no mixed images.
_base_ = '../../../csml/csml_resnet50_32xb64-coslr-200e_in1k.py'

model = dict(mix=None)
train_dataloader = dict(sampler=dict(own_positives=True))
default_hooks = dict(
    {k: v for k, v in _base_.default_hooks.items() if k != 'neighbors'},
    _delete_=True,
)
